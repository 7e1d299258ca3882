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

local function text(number) return string.format('%.0f', number) end

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
  local ms, counter, writer = string.match(s, '^(%d+)%.(%d+)%.(.+)$')
  return { ms = tonumber(ms), counter = tonumber(counter), writer = writer, text = s }
end

-- A command takes some thousands of arguments at most.
local CHUNK = 1000
local function in_chunks(command, key, arguments)
  for first = 1, #arguments, CHUNK do
    redis.call(command, key, unpack(arguments, first, math.min(first + CHUNK - 1, #arguments)))
  end
end

-- The fields of `state` that this call has read or set (false: not there), and those that it has still to write.
local known, changed = {}, {}

-- Before any of them is changed.
local function look(keys)
  for first = 1, #keys, CHUNK do
    local last = math.min(first + CHUNK - 1, #keys)
    for i, kept in ipairs(redis.call('HMGET', STATE, unpack(keys, first, last))) do known[keys[first + i - 1]] = kept end
  end
end

local function get(key)
  local kept = known[key]
  if kept == nil then
    kept = redis.call('HGET', STATE, key)
    known[key] = kept
  end
  if not kept then return nil end
  local stamp, position, mark, cover, raw = string.match(kept, '^([^|]*)|([^|]*)|(%d)([^|]*)|(.*)$')
  local register = { stamp = parse_stamp(stamp), position = position, mark = tonumber(mark), raw = raw }
  if cover ~= '' then
    local of, told = string.match(cover, '^,([^,]*),(.*)$')
    register.cover = { stamp = parse_stamp(of), position = told }
  end
  return register
end

local function put(key, register)
  local cover = register.cover and ',' .. stamp_text(register.cover.stamp) .. ',' .. register.cover.position or ''
  known[key] = stamp_text(register.stamp) .. '|' .. register.position .. '|' .. register.mark .. cover .. '|' .. register.raw
  changed[key] = true
end

local function drop(key) known[key], changed[key] = false, true end

local come, gone = {}, {} -- members of `names` that are to be added, each after its score, and removed before those
local function flush_names()
  if gone[1] then in_chunks('ZREM', NAMES, gone) end
  if come[1] then in_chunks('ZADD', NAMES, come) end
  come, gone = {}, {}
end

-- Writes what was put and dropped: once a call, so that a stroke and its cover are one change to the disk and to replicas.
local function flush()
  flush_names()
  local set, dropped = {}, {}
  for key in pairs(changed) do
    if known[key] then set[#set + 1], set[#set + 2] = key, known[key] else dropped[#dropped + 1] = key end
  end
  changed = {}
  if set[1] then in_chunks('HSET', STATE, set) end
  if dropped[1] then in_chunks('HDEL', STATE, dropped) end
end

-- The lesson's meta fields that every write reads, as numbers, and those that it writes; the rest when `meta.changed`.
local Meta = {}
Meta.moving = { 'number', 'bytes', 'clock_ms', 'clock_counter' }
Meta.fields = { 'number', 'last', 'ended', 'bytes', 'expire_at', 'form', 'clock_ms', 'clock_counter', 'pulled_ms', 'pulled_counter' }

function Meta.read()
  local values, meta = redis.call('HMGET', META, unpack(Meta.fields)), {}
  for i, name in ipairs(Meta.fields) do meta[name] = tonumber(values[i] or '0') end
  meta.last = values[2]
  return meta.last and meta or nil
end

-- Everything of a lesson expires together, the retention after its last renewal. A write renews at most once an
-- hour, which costs it nothing else, so a lesson lives after its last change its retention, less an hour at worst.
function Meta.save(meta, now, retention_s)
  flush()
  local due = now >= meta.expire_at
  if due then meta.expire_at = now + 3600000 end
  local pairs_ = { 'last', meta.last }
  for _, name in ipairs((due or meta.changed) and Meta.fields or Meta.moving) do
    if name ~= 'last' then pairs_[#pairs_ + 1], pairs_[#pairs_ + 2] = name, text(meta[name]) end
  end
  redis.call('HSET', META, unpack(pairs_))
  if not due then return end
  for _, key in ipairs(KEYS) do redis.call('EXPIRE', key, retention_s) end
end

-- To be called by whoever may have made a key: one without an expiry would stay for ever.
function Meta.renew(meta) meta.expire_at = 0 end

local function next_position(meta, now)
  local ms, seq = string.match(meta.last, '^(%d+)-(%d+)$')
  ms, seq = tonumber(ms), tonumber(seq)
  if now > ms then return text(now) .. '-0' end
  return text(ms) .. '-' .. text(seq + 1)
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
    local pulled = meta.pulled_ms > 0 and redis.call('HGET', PULLED, stamp_text(asked))
    if pulled then used = parse_stamp(pulled)
    elseif asked.ms > now + AHEAD_MS then
      meta.changed = true
      meta.pulled_ms, meta.pulled_counter = later(now, asked.counter, meta.pulled_ms, meta.pulled_counter)
      local remembered = redis.call('HLEN', PULLED)
      if remembered >= PULLED_MAX then redis.call('DEL', PULLED) end
      if remembered == 0 or remembered >= PULLED_MAX then Meta.renew(meta) end
      used = { ms = meta.pulled_ms, counter = meta.pulled_counter, writer = asked.writer }
      redis.call('HSET', PULLED, stamp_text(asked), stamp_text(used))
    end
  end
  if used.ms > meta.clock_ms or (used.ms == meta.clock_ms and used.counter > meta.clock_counter) then
    meta.clock_ms, meta.clock_counter = used.ms, used.counter
  end
  return used
end

local function append(meta, position, applied, feed_limit)
  if meta.number == 0 then Meta.renew(meta) end
  meta.number = meta.number + 1
  meta.last = position
  local entry = { '#', text(meta.number) }
  for _, write in ipairs(applied) do
    entry[#entry + 1] = write.key
    entry[#entry + 1] = stamp_text(write.stamp) .. '|' .. write.mark .. '|' .. write.raw
  end
  redis.call('XADD', FEED, 'MAXLEN', '~', feed_limit, position, unpack(entry))
end
