-- What app/core/lesson.py and app/core/stamp.py say, where it must be atomic. Prepended to each script.
--
-- Keys, all with the lesson's hash tag:
--   meta   number, last (position), ended, bytes, expire_at, form, clock_*, pulled_*, polls (how many are there), tally:<poll> (when it was last shown), round:<poll>
--   state  register key -> ms.counter.writer|position|mark|json; after the mark maybe ,stamp,position of its cover
--   names  sorted set, all with score 0, so a range by text: for each prefix of a register's key below which may be cleared,
--          prefix \0 ms counter writer \0 key; for what no clear has to touch again (core/below.py) family/ \1 key; and ''
--   feed   stream; an entry is  # -> number, then in order, a key maybe twice,  register key -> ms.counter.writer|mark|json
--   votes  <poll>:<voter> -> 0,2, or 1|0,2 in a poll whose id was deleted once (its round)
--      counts  <poll>:<option> -> n, <poll>:voters -> n
--   pulled far-ahead stamp -> the stamp it was pulled back to
--   dirty  poll -> 1 where it has votes that its tally does not show yet; and a field '' from the first on

local META, STATE, NAMES, FEED, VOTES, COUNTS, PULLED, DIRTY = unpack(KEYS)
local AHEAD_MS, COUNTER_MAX, PULLED_MAX, ENTRY_WRITES = 5000, 9999999999, 1000, 1000

-- What every write calls many times.
local call, format, match, find, sub, tonumber = redis.call, string.format, string.match, string.find, string.sub, tonumber

local function text(number) return format('%.0f', number) end

local function below(a, b)
  if a.ms ~= b.ms then return a.ms < b.ms end
  if a.counter ~= b.counter then return a.counter < b.counter end
  if a.writer == b.writer then return false end
  -- Bytewise, since the server's own comparison of strings follows its locale.
  for i = 1, math.min(#a.writer, #b.writer) do
    local x, y = string.byte(a.writer, i), string.byte(b.writer, i)
    if x ~= y then return x < y end
  end
  return #a.writer < #b.writer
end

-- Stamps are parsed from what `stamp_text` gives, also those of a request.
local function stamp_text(stamp)
  if not stamp.text then stamp.text = text(stamp.ms) .. '.' .. text(stamp.counter) .. '.' .. stamp.writer end
  return stamp.text
end

local function parse_stamp(s)
  local ms, counter, writer = match(s, '^(%d+)%.(%d+)%.(.+)$')
  return { ms = tonumber(ms), counter = tonumber(counter), writer = writer, text = s }
end

-- A command takes some thousands of arguments at most.
local CHUNK = 1000
local function in_chunks(command, key, arguments)
  local number = #arguments
  if number <= CHUNK then return call(command, key, unpack(arguments)) end
  for first = 1, number, CHUNK do call(command, key, unpack(arguments, first, math.min(first + CHUNK - 1, number))) end
end

-- The fields of `state` that this call has read or set (false: not there), those of them that it has taken apart or put, and
-- those that it has still to write.
local known, parsed, changed = {}, {}, {}

-- Before any of them is changed.
local function look(keys)
  for first = 1, #keys, CHUNK do
    local last = math.min(first + CHUNK - 1, #keys)
    local kept = call('HMGET', STATE, unpack(keys, first, last))
    for i = first, last do known[keys[i]] = kept[i - first + 1] end
  end
end

-- What was kept is one table for all who ask: only who puts it may change it.
local function get(key)
  local kept = known[key]
  if kept == nil then
    kept = call('HGET', STATE, key)
    known[key] = kept
  end
  if not kept then return nil end
  local register = parsed[key]
  if register then return register end
  local stamp, position, mark, cover, raw = match(kept, '^([^|]*)|([^|]*)|(%d)([^|]*)|(.*)$')
  register = { stamp = parse_stamp(stamp), position = position, mark = tonumber(mark), raw = raw, cover = nil }
  if cover ~= '' then
    local of, told = match(cover, '^,([^,]*),(.*)$')
    register.cover = { stamp = parse_stamp(of), position = told }
  end
  parsed[key] = register
  return register
end

local function raw_size(kept)
  local _, head = find(kept, '^[^|]*|[^|]*|[^|]*|')
  return #kept - head
end

local function put(key, register) known[key], parsed[key], changed[key] = true, register, true end

-- As it is kept.
local function kept_text(key)
  local register = parsed[key]
  if not register then return known[key] end
  local cover = register.cover and ',' .. stamp_text(register.cover.stamp) .. ',' .. register.cover.position or ''
  return stamp_text(register.stamp) .. '|' .. register.position .. '|' .. register.mark .. cover .. '|' .. register.raw
end

local function drop(key) known[key], parsed[key], changed[key] = false, nil, true end

-- Members of `names` that are to be added, each after its score, and removed before those; and the keys that they are of.
local come, gone, moved = {}, {}, {}
local function flush_names()
  if not gone[1] and not come[1] then return end
  if gone[1] then in_chunks('ZREM', NAMES, gone) end
  if come[1] then in_chunks('ZADD', NAMES, come) end
  come, gone, moved = {}, {}, {}
end

-- Writes what was put and dropped: once a call, so that a stroke and its cover are one change to the disk and to replicas.
local function flush()
  flush_names()
  local set, dropped, number = {}, nil, 0
  for key in pairs(changed) do
    if known[key] then
      set[number + 1], set[number + 2] = key, kept_text(key)
      number = number + 2
    else
      dropped = dropped or {}
      dropped[#dropped + 1] = key
    end
  end
  changed = {}
  if number > 0 then in_chunks('HSET', STATE, set) end
  if dropped then in_chunks('HDEL', STATE, dropped) end
end

-- The lesson's meta fields that every write reads, as numbers.
local function read_meta()
  local values = call('HMGET', META, 'last', 'number', 'bytes', 'ended', 'form', 'expire_at',
    'clock_ms', 'clock_counter', 'pulled_ms', 'pulled_counter')
  if not values[1] then return nil end
  return {
    last = values[1], number = tonumber(values[2] or 0), bytes = tonumber(values[3] or 0), ended = tonumber(values[4] or 0),
    form = tonumber(values[5] or 0), expire_at = tonumber(values[6] or 0), clock_ms = tonumber(values[7] or 0),
    clock_counter = tonumber(values[8] or 0), pulled_ms = tonumber(values[9] or 0), pulled_counter = tonumber(values[10] or 0),
  }
end

-- Everything of a lesson expires together, the retention after its last renewal. A write renews at most once an
-- hour, which costs it nothing else, so a lesson lives after its last change its retention, less an hour at worst.
local function save_meta(meta, now, retention_s)
  flush()
  local due = now >= meta.expire_at
  if due then meta.expire_at = now + 3600000 end
  -- Numbers as they are: the store writes out whole ones, as `text` does.
  call('HSET', META, 'last', meta.last, 'number', meta.number, 'bytes', meta.bytes,
    'clock_ms', meta.clock_ms, 'clock_counter', meta.clock_counter)
  if due or meta.changed then
    call('HSET', META, 'ended', meta.ended, 'form', meta.form, 'expire_at', meta.expire_at,
      'pulled_ms', meta.pulled_ms, 'pulled_counter', meta.pulled_counter)
  end
  if not due then return end
  for _, key in ipairs(KEYS) do call('EXPIRE', key, retention_s) end
end

-- To be called by whoever may have made a key: one without an expiry would stay for ever.
local function renew(meta) meta.expire_at = 0 end

local function next_position(meta, now)
  local ms, seq = match(meta.last, '^(%d+)-(%d+)$')
  if now > tonumber(ms) then return text(now) .. '-0' end
  return ms .. '-' .. text(seq + 1)
end

-- `counter` in the millisecond `now`, or what follows `last` in `ms`, whichever is later.
local function later(now, counter, ms, last)
  if last < COUNTER_MAX then last = last + 1 else ms, last = ms + 1, 0 end
  if now > ms or (now == ms and counter > last) then return now, counter end
  return ms, last
end

local function issue_stamp(meta, asked, now)
  local used = asked
  if not asked then
    used = { writer = 'server' }
    used.ms, used.counter = later(now, 0, meta.clock_ms, meta.clock_counter)
  elseif meta.pulled_ms > 0 or asked.ms > now + AHEAD_MS then
    local pulled = meta.pulled_ms > 0 and call('HGET', PULLED, stamp_text(asked))
    if pulled then used = parse_stamp(pulled)
    elseif asked.ms > now + AHEAD_MS then
      meta.changed = true
      meta.pulled_ms, meta.pulled_counter = later(now, asked.counter, meta.pulled_ms, meta.pulled_counter)
      local remembered = call('HLEN', PULLED)
      if remembered >= PULLED_MAX then call('DEL', PULLED) end
      if remembered == 0 or remembered >= PULLED_MAX then renew(meta) end
      used = { ms = meta.pulled_ms, counter = meta.pulled_counter, writer = asked.writer }
      call('HSET', PULLED, stamp_text(asked), stamp_text(used))
    end
  end
  if used.ms > meta.clock_ms or (used.ms == meta.clock_ms and used.counter > meta.clock_counter) then
    meta.clock_ms, meta.clock_counter = used.ms, used.counter
  end
  return used
end

local function append(meta, position, applied, feed_limit)
  if meta.number == 0 then renew(meta) end
  meta.number = meta.number + 1
  meta.last = position
  local entry = { '#', meta.number }
  for i = 1, #applied do
    local write = applied[i]
    entry[2 * i + 1], entry[2 * i + 2] = write.key, stamp_text(write.stamp) .. '|' .. write.mark .. '|' .. write.raw
  end
  call('XADD', FEED, 'MAXLEN', '~', feed_limit, position, unpack(entry))
end
