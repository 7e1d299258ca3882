-- A poll's tally register, written at most once in `tally_ms`. Prepended to polls.lua and vote.lua.
-- By the store's clock, since the workers' clocks differ: one that is behind would always take it for due.
--
-- DIRTY names the polls with votes that no tally shows yet, so that whoever closes, reveals, ends or loads knows of them.
-- A vote is left there only within `tally_ms` of a tally of the same poll, which every worker has heard.

local OPTIONS_MAX = 10

local function clock()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

local function options_of(register) return #(register.poll.options) end

-- The poll in a register's JSON text; nil for what is none, since no script may fail once it has changed something.
local function poll_of(raw)
  local value = cjson.decode(raw)
  return type(value) == 'table' and type(value.options) == 'table' and value or nil
end

local function read_poll(poll)
  local register = get('poll/' .. poll)
  if not register or register.raw == 'null' then return nil end
  register.poll = poll_of(register.raw)
  return register.poll and register or nil
end

-- In how many ms the poll may have its next tally.
local function due_in(poll, tally_ms)
  local today, last = clock(), tonumber(redis.call('HGET', META, 'tally:' .. poll) or '0')
  if today >= last and today - last < tally_ms then return tally_ms - (today - last) end
  return 0
end

-- The key keeps a field of its own, so that it is made once a lesson and expires with the others.
local function leave_dirty(meta, poll)
  if redis.call('HSET', DIRTY, poll, '1') == 1 and redis.call('HLEN', DIRTY) == 1 then
    redis.call('HSET', DIRTY, '', '')
    renew(meta)
  end
end

-- Write the tally that the votes make now, unless it says so already.
local function show_tally(meta, poll, register, now, entry)
  redis.call('HDEL', DIRTY, poll)
  local fields = { poll .. ':voters' }
  for option = 1, options_of(register) do fields[option + 1] = poll .. ':' .. text(option - 1) end
  local counts = redis.call('HMGET', COUNTS, unpack(fields))
  for i, count in ipairs(counts) do counts[i] = count or '0' end
  local voters = table.remove(counts, 1)
  local raw = '{"counts":[' .. table.concat(counts, ',') .. '],"voters":' .. voters .. '}'
  local shown = get('tally/' .. poll)
  if shown and shown.raw == raw then return end
  if voters == '0' and (not shown or shown.raw == 'null') then return end
  redis.call('HSET', META, 'tally:' .. poll, text(clock()))
  take(entry, { key = 'tally/' .. poll, mark = 0, keep = '1', raw = raw, stamp = issue_stamp(meta, nil, now) })
end
