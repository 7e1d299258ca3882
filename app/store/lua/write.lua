-- ARGV: now, mode (write | end | create), registers, bytes, feed, retention_s,
--       then for each change: key, stamp ('' for the store's own), mark, keep, raw
-- Answers {'unknown' | 'ended' | 'full' | 'taken'} or {'ok', position, then for each change: 1 or 0, stamp}.

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

local writes, more_registers, more_bytes = {}, 0, 0
for i = 7, #ARGV, 5 do
  local write = { key = ARGV[i], asked_text = ARGV[i + 1], mark = tonumber(ARGV[i + 2]), keep = ARGV[i + 3], raw = ARGV[i + 4] }
  writes[#writes + 1] = write
  if write.raw ~= 'null' then
    more_registers, more_bytes = more_registers + 1, more_bytes + #write.raw
  end
end
-- Checked before anything changes, hence against the most the request can add. Deleting is always possible.
if more_registers > 0 and (redis.call('HLEN', STATE) + more_registers > limit.registers or meta.bytes + more_bytes > limit.bytes) then
  return { 'full' }
end

local position, applied, answer = next_position(meta, now), {}, {}
for _, write in ipairs(writes) do
  local asked = write.asked_text ~= '' and parse_stamp(write.asked_text) or nil
  local old = asked and get(write.key)
  if old and old.asked == write.asked_text then
    -- The same far-ahead request again: it keeps the stamp it was given the first time.
    answer[#answer + 1], answer[#answer + 2] = 0, stamp_text(old.stamp)
  else
    write.stamp = issue_stamp(meta, asked, now)
    local used = stamp_text(write.stamp)
    write.asked = (asked and used ~= write.asked_text) and write.asked_text or ''
    local done = apply(meta, write, position)
    if done then applied[#applied + 1] = write end
    answer[#answer + 1], answer[#answer + 2] = done and 1 or 0, used
  end
end

if #applied > 0 then append(meta, position, applied, ARGV[5]) end
if mode == 'end' then meta.ended = 1 end
keep_alive(meta, now, ARGV[6])
Meta.save(meta)
return { 'ok', meta.last, unpack(answer) }
