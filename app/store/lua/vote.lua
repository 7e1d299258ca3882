-- ARGV: now, poll, voter, feed, retention_s, voters, tally_ms, then the choices. Answers 'unknown' | 'closed' | 'impossible' | 'full',
-- or in how many ms publish.lua is due.

local now, poll, voter = tonumber(ARGV[1]), ARGV[2], ARGV[3]
local meta = read_meta()
local register = meta and read_poll(poll)
if not register or register.poll.status == 'draft' then return 'unknown' end
if meta.ended == 1 or register.poll.status ~= 'open' then return 'closed' end

local choices, seen = {}, {}
for i = 8, #ARGV do
  local choice = tonumber(ARGV[i])
  if choice < 0 or choice >= options_of(register) or seen[choice] then return 'impossible' end
  seen[choice] = true
  choices[#choices + 1] = text(choice)
end
if #choices == 0 or (#choices > 1 and register.poll.multiple ~= true) then return 'impossible' end

-- A vote of an earlier round, before the poll was deleted and its id used again, is none.
local round = redis.call('HGET', META, 'round:' .. poll)
round = round and round .. '|' or ''
local field, chosen = poll .. ':' .. voter, round .. table.concat(choices, ',')
local before = redis.call('HGET', VOTES, field)
if before and (string.match(before, '^%d+|') or '') ~= round then before = nil end
if not before and tonumber(redis.call('HGET', COUNTS, poll .. ':voters') or '0') >= tonumber(ARGV[6]) then return 'full' end
if before ~= chosen then
  if before then
    for choice in string.gmatch(string.sub(before, #round + 1), '%d+') do redis.call('HINCRBY', COUNTS, poll .. ':' .. choice, -1) end
  else
    if redis.call('HINCRBY', COUNTS, poll .. ':voters', 1) == 1 then renew(meta) end
  end
  for _, choice in ipairs(choices) do redis.call('HINCRBY', COUNTS, poll .. ':' .. choice, 1) end
  redis.call('HSET', VOTES, field, chosen)
elseif not redis.call('HGET', DIRTY, poll) then
  return 0
end

local due = due_in(poll, tonumber(ARGV[7]))
if due > 0 then leave_dirty(meta, poll)
else
  local entry = new_entry(meta, now, ARGV[4])
  show_tally(meta, poll, register, now, entry)
  tell(entry)
end
save_meta(meta, now, ARGV[5])
return due
