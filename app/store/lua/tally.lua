-- A poll's tally register, written at most once in `tally_ms`. Prepended to vote.lua and publish.lua.
-- By the store's clock, since the workers' clocks differ: one that is behind would always take it for due.

local function clock()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

local function options_of(register) return #(register.poll.options) end

local function read_poll(poll)
  local register = get('poll/' .. poll)
  if not register or register.raw == 'null' then return nil end
  register.poll = cjson.decode(register.raw)
  return register
end

-- Answers in how many ms the tally is due; 0 when it has been written, or nothing has changed since it was.
local function publish(meta, poll, register, now, feed_limit, tally_ms)
  if redis.call('HGET', META, 'dirty:' .. poll) ~= '1' then return 0 end
  local today, last = clock(), tonumber(redis.call('HGET', META, 'tally:' .. poll) or '0')
  if today >= last and today - last < tally_ms then return tally_ms - (today - last) end
  local counts = {}
  for option = 1, options_of(register) do
    counts[option] = redis.call('HGET', COUNTS, poll .. ':' .. text(option - 1)) or '0'
  end
  local voters = redis.call('HGET', COUNTS, poll .. ':voters') or '0'
  local raw = '{"counts":[' .. table.concat(counts, ',') .. '],"voters":' .. voters .. '}'
  local position = next_position(meta, now)
  local write = { key = 'tally/' .. poll, mark = 0, keep = '1', raw = raw, stamp = issue_stamp(meta, nil, now) }
  if apply(meta, write, position) then append(meta, position, { write }, feed_limit) end
  redis.call('HSET', META, 'tally:' .. poll, text(today), 'dirty:' .. poll, '0')
  return 0
end
