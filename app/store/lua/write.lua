-- ARGV: now, mode (write | end | create), registers, bytes, feed, retention_s,
--       then for each change: key, stamp ('' for the store's own), mark, keep, raw
-- Answers {'unknown' | 'ended' | 'full' | 'taken'} or {'ok', position, then for each change: 1 or 0, stamp}.

local OPTIONS_MAX = 10
local now, mode = tonumber(ARGV[1]), ARGV[2]
local limit = { registers = tonumber(ARGV[3]), bytes = tonumber(ARGV[4]) }
local meta = Meta.read()

if mode == 'create' then
  if meta then return { 'taken' } end
  meta = { last = '0-0' }
  for _, name in ipairs(Meta.fields) do meta[name] = meta[name] or 0 end
elseif not meta then
  return { 'unknown' }
elseif meta.ended == 1 then
  return { 'ended' }
end

-- Checked before anything changes, hence against the most the request can add. What a full lesson still needs
-- (tombstones, and the server's own registers, without which no new page could be shown) has room of its own.
local writes, more_registers, more_bytes, spare_only = {}, 0, 0, true
for i = 7, #ARGV, 5 do
  local write = { key = ARGV[i], asked = ARGV[i + 1], mark = tonumber(ARGV[i + 2]), keep = ARGV[i + 3], raw = ARGV[i + 4] }
  writes[#writes + 1] = write
  local old = get(write.key)
  local spare = write.raw == 'null' or write.keep == '2'
  if not old then
    more_registers = more_registers + 1
    spare_only = spare_only and spare
  end
  if not spare then
    local size = write.keep == '0' and #'null' or #write.raw
    more_bytes = more_bytes + math.max(0, size - (old and #old.raw or 0))
  end
end
local registers = redis.call('HLEN', STATE) + more_registers
if more_registers > 0 and registers > limit.registers * (spare_only and 2 or 1) then return { 'full' } end
if more_bytes > 0 and meta.bytes + more_bytes > limit.bytes then return { 'full' } end

-- The polls that a delete or a clear may take away: those it names that are there.
local function polls_named(write)
  local found, names = {}, {}
  if write.raw ~= 'null' then return found end
  if write.key == 'poll/' then names = redis.call('ZRANGEBYLEX', NAMES, '(poll/', '(poll/\255')
  elseif string.sub(write.key, 1, 5) == 'poll/' then names = { write.key } end
  for _, key in ipairs(names) do
    local register = get(key)
    if register and register.raw ~= 'null' then found[#found + 1] = key end
  end
  return found
end

-- What is applied goes into one entry, and beyond ENTRY_WRITES into further ones: a command has so many arguments at most,
-- and a script that failed after its first change would leave a lesson that no entry tells of.
local position, applied, answer = next_position(meta, now), {}, { 'ok', '' }
local function tell()
  append(meta, position, applied, ARGV[5])
  position, applied = next_position(meta, now), {}
end
local function take(write)
  if not apply(meta, write, position) then return false end
  applied[#applied + 1] = write
  if #applied == ENTRY_WRITES then tell() end
  return true
end

-- A poll's votes go with it: its id may be used again, for another question. What each voter chose is not looked for,
-- which would take as long as there are voters; it belongs to a round that is over.
local function forget_votes(poll)
  redis.call('HINCRBY', META, 'round:' .. poll, 1)
  redis.call('HDEL', META, 'dirty:' .. poll)
  redis.call('HDEL', COUNTS, poll .. ':voters')
  for option = 0, OPTIONS_MAX - 1 do redis.call('HDEL', COUNTS, poll .. ':' .. text(option)) end
  local tally = get('tally/' .. poll)
  if not tally or tally.raw == 'null' then return end
  take({ key = 'tally/' .. poll, mark = 0, keep = '1', raw = 'null', stamp = issue_stamp(meta, nil, now) })
end

local gone = {}
for _, write in ipairs(writes) do
  write.stamp = issue_stamp(meta, write.asked ~= '' and parse_stamp(write.asked) or nil, now)
  local polls = polls_named(write)
  answer[#answer + 1], answer[#answer + 2] = take(write) and 1 or 0, stamp_text(write.stamp)
  for _, key in ipairs(polls) do
    local register = get(key)
    if not register or register.raw == 'null' then gone[#gone + 1] = string.sub(key, 6) end
  end
end
for _, poll in ipairs(gone) do forget_votes(poll) end

if #applied > 0 then tell() end
if mode == 'end' then meta.ended = 1 end
Meta.save(meta, now, ARGV[6])
answer[2] = meta.last
return answer
