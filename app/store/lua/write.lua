-- ARGV: now, mode (write | end | create), registers, bytes, feed, retention_s, polls, pages (in the order),
--       then for each change: key, stamp ('' for the store's own), mark, keep, raw
-- Answers {'unknown' | 'ended' | 'full' | 'polls' | 'pages' | 'taken'} or {'ok', position, then for each change: 1 or 0, stamp}.

local now, mode = tonumber(ARGV[1]), ARGV[2]
local limit = { registers = tonumber(ARGV[3]), bytes = tonumber(ARGV[4]) }
local meta = Meta.read()

if mode == 'create' then
  if meta then return { 'taken' } end
  meta = { last = '0-0', form = FORM, changed = true }
  for _, name in ipairs(Meta.fields) do meta[name] = meta[name] or 0 end
  come = { 0, '' } -- `names` is never empty, since a key that is made again has no expiry
elseif not meta then
  return { 'unknown' }
elseif meta.ended == 1 then
  return { 'ended' }
elseif meta.form ~= FORM then
  migrate(meta, ARGV[6])
end

local writes, requested, fields = {}, {}, {}
for i = 9, #ARGV, 5 do
  local write = { key = ARGV[i], asked = ARGV[i + 1], mark = tonumber(ARGV[i + 2]), keep = ARGV[i + 3], raw = ARGV[i + 4] }
  writes[#writes + 1], requested[write.key] = write, true
  concerned(write.key, fields)
end
look(fields)

-- Checked before anything changes, hence against the most the request can add. What a full lesson still needs (tombstones,
-- what is there once, such as the slide, and the server's registers) has room of its own.
local orders, more_registers, more_bytes, more_polls, spare_only = nil, 0, 0, 0, true
for _, write in ipairs(writes) do
  if write.key == 'pages' then
    orders = orders or {}
    orders[#orders + 1] = write
  end
  local old, above = get(write.key), prefixes(write.key)
  local host = above.is_clear and above.other
  if Polls.adds(write, old) then more_polls = more_polls + 1 end
  local spare = write.raw == 'null' or write.keep ~= '1'
  if not old and not (host and (known[host] or requested[host])) then
    more_registers = more_registers + 1
    spare_only = spare_only and spare
  end
  if not spare then more_bytes = more_bytes + math.max(0, #write.raw - (old and #old.raw or 0)) end
end
local Pages = orders and page_orders()
if Pages and not Pages.plan(orders, tonumber(ARGV[8])) then return { 'pages' } end
local registers = more_registers > 0 and redis.call('HLEN', STATE) + more_registers or 0
if registers > limit.registers * (spare_only and 2 or 1) then return { 'full' } end
if more_bytes > 0 and meta.bytes + more_bytes > limit.bytes then return { 'full' } end

local polls = (more_polls == 0 or mode == 'create') and 0 or Polls.count(meta, now, ARGV[6])
if polls + more_polls > tonumber(ARGV[7]) then return { 'polls' } end
if mode == 'create' then redis.call('HSET', META, 'polls', 0) end

local entry, answer, polls_touched = new_entry(meta, now, ARGV[5]), { 'ok', '' }, {}
for _, write in ipairs(writes) do
  write.stamp = issue_stamp(meta, write.asked ~= '' and parse_stamp(write.asked) or nil, now)
  if Pages and write.key == 'pages' then Pages.merge(write) end
  local named = Polls.named(write)
  local done = entry.take(write)
  if done then Polls.note(named, polls_touched) end
  answer[#answer + 1], answer[#answer + 2] = done and 1 or 0, stamp_text(write.stamp)
end
Polls.settle(meta, polls_touched, mode == 'end', now, entry, ARGV[6])

entry.tell()
if mode == 'end' then meta.ended, meta.changed = 1, true end
Meta.save(meta, now, ARGV[6])
answer[2] = meta.last
return answer
