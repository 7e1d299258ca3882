-- A poll's tally register, written at most once in PERIOD_MS. Prepended to vote.lua and publish.lua.

local PERIOD_MS = 500

local function options_of(register) return #(register.poll.options) end

local function read_poll(poll)
  local register = get('poll/' .. poll)
  if not register or register.raw == 'null' then return nil end
  register.poll = cjson.decode(register.raw)
  return register
end

-- Answers in how many ms the tally is due; 0 when it has been written, or nothing has changed since it was.
local function publish(meta, poll, register, now, feed_limit)
  if redis.call('HGET', META, 'dirty:' .. poll) ~= '1' then return 0 end
  local last = tonumber(redis.call('HGET', META, 'tally:' .. poll) or '0')
  if now >= last and now - last < PERIOD_MS then return PERIOD_MS - (now - last) end
  local counts = {}
  for option = 1, options_of(register) do
    counts[option] = redis.call('HGET', COUNTS, poll .. ':' .. text(option - 1)) or '0'
  end
  local voters = redis.call('HGET', COUNTS, poll .. ':voters') or '0'
  local raw = '{"counts":[' .. table.concat(counts, ',') .. '],"voters":' .. voters .. '}'
  local position = next_position(meta, now)
  local write = { key = 'tally/' .. poll, mark = 0, keep = '1', raw = raw, stamp = issue_stamp(meta, nil, now) }
  if apply(meta, write, position) then append(meta, position, { write }, feed_limit) end
  redis.call('HSET', META, 'tally:' .. poll, text(now), 'dirty:' .. poll, '0')
  return 0
end
