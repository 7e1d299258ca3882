-- ARGV: now, mode (write | end | create), then for each change: key, stamp ('' for the store's own), mark, keep, raw
-- What a lesson may hold is in the script itself (redis.py): each argument costs as much as half a command of the store.
-- Answers {'unknown' | 'ended' | 'full' | 'polls' | 'pages' | 'taken' | 'form'} or {'ok', position, then for each change: 1 or 0, stamp}.

local now, mode = tonumber(ARGV[1]), ARGV[2]
local meta = read_meta()

if mode == 'create' then
  if meta then return { 'taken' } end
  meta = {
    last = '0-0', number = 0, bytes = 0, ended = 0, form = FORM, expire_at = 0, clock_ms = 0, clock_counter = 0,
    pulled_ms = 0, pulled_counter = 0, changed = true,
  }
  come = { 0, '' } -- `names` is never empty, since a key that is made again has no expiry
elseif not meta then
  return { 'unknown' }
elseif meta.ended == 1 then
  return { 'ended' }
elseif meta.form ~= FORM then
  if not migrate then return { 'form' } end
  migrate(meta, RETENTION_S)
end

local writes, requested, fields = {}, {}, {}
for i = 3, #ARGV, 5 do
  local write = { key = ARGV[i], asked = ARGV[i + 1], mark = tonumber(ARGV[i + 2]), keep = ARGV[i + 3], raw = ARGV[i + 4] }
  local other = prefixes(write.key).other
  -- A stroke and the clear of its pieces are compared with the same registers.
  if not (other and requested[other]) then concerned(write.key, fields) end
  writes[#writes + 1], requested[write.key] = write, true
end
look(fields)

-- Checked before anything changes, hence against the most the request can add. What a full lesson still needs (tombstones,
-- what is there once, such as the slide, and the server's registers) has room of its own.
local orders, more_registers, more_bytes, poll_bytes, more_polls, spare_only = nil, 0, 0, 0, 0, true
for _, write in ipairs(writes) do
  if write.key == 'pages' then
    orders = orders or {}
    orders[#orders + 1] = write
  end
  local kept, above = known[write.key], prefixes(write.key)
  local host = above.is_clear and above.other
  if Polls and Polls.adds(write) then more_polls = more_polls + 1 end
  local spare = write.raw == 'null' or write.keep ~= '1'
  if not kept and not (host and (known[host] or requested[host])) then
    more_registers = more_registers + 1
    spare_only = spare_only and spare
  end
  if not spare then
    local more = math.max(0, #write.raw - (kept and raw_size(kept) or 0))
    if Polls and Polls.stands(write) then poll_bytes = poll_bytes + more else more_bytes = more_bytes + more end
  end
end
local Pages = orders and page_orders()
if Pages and not Pages.plan(orders, PAGES_MAX) then return { 'pages' } end
local registers = more_registers > 0 and call('HLEN', STATE) + more_registers or 0
if registers > REGISTERS_MAX * (spare_only and 2 or 1) then return { 'full' } end
if more_bytes > 0 and meta.bytes + more_bytes + poll_bytes > BYTES_MAX then return { 'full' } end
if poll_bytes > 0 and meta.bytes + poll_bytes > BYTES_MAX + POLLS_ROOM then return { 'full' } end

local polls = (more_polls == 0 or mode == 'create') and 0 or Polls.count(meta, now, RETENTION_S)
if polls + more_polls > POLLS_MAX then return { 'polls' } end
if mode == 'create' then call('HSET', META, 'polls', 0) end

local entry, answer, polls_touched = new_entry(meta, now, FEED_MAX), { 'ok', '' }, {}
for i, write in ipairs(writes) do
  write.stamp = issue_stamp(meta, write.asked ~= '' and parse_stamp(write.asked) or nil, now)
  if Pages and write.key == 'pages' then Pages.merge(write) end
  local named = Polls and Polls.named(write)
  local done = take(entry, write)
  if done and named then Polls.note(named, polls_touched) end
  answer[2 * i + 1], answer[2 * i + 2] = done and 1 or 0, stamp_text(write.stamp)
end
if Polls then Polls.settle(meta, polls_touched, mode == 'end', now, entry, RETENTION_S) end

tell(entry)
if mode == 'end' then meta.ended, meta.changed = 1, true end
save_meta(meta, now, RETENTION_S)
answer[2] = meta.last
return answer
