-- What app/core/lesson.py and app/core/stamp.py say, where it must be atomic. Prepended to each script.
--
-- Keys, all with the lesson's hash tag:
--   meta   number, last (position), ended, bytes, expire_at, clock_*, pulled_*, polls (how many are there), tally:<poll> (when it was last shown), round:<poll>
--   state  register key -> ms.counter.writer|position|mark|json
--   names  sorted set of register keys, all with score 0: what lies below a prefix is a range of it
--   feed   stream; an entry is  # -> number, then in order, a key maybe twice,  register key -> ms.counter.writer|mark|json
--   votes  <poll>:<voter> -> 0,2, or 1|0,2 in a poll whose id was deleted once (its round)
--      counts  <poll>:<option> -> n, <poll>:voters -> n
--   pulled far-ahead stamp -> the stamp it was pulled back to
--   dirty  poll -> 1 where it has votes that its tally does not show yet; and a field '' from the first on

local META, STATE, NAMES, FEED, VOTES, COUNTS, PULLED, DIRTY = unpack(KEYS)
local AHEAD_MS, COUNTER_MAX, PULLED_MAX, ENTRY_WRITES = 5000, 9999999999, 1000, 1000

local function text(number) return string.format('%.0f', number) end

-- Bytewise, since the server's own comparison of strings follows its locale.
local function text_below(a, b)
  local shorter = math.min(#a, #b)
  for i = 1, shorter do
    local x, y = string.byte(a, i), string.byte(b, i)
    if x ~= y then return x < y end
  end
  return #a < #b
end

local function below(a, b)
  if a.ms ~= b.ms then return a.ms < b.ms end
  if a.counter ~= b.counter then return a.counter < b.counter end
  return text_below(a.writer, b.writer)
end

local function stamp_text(stamp) return text(stamp.ms) .. '.' .. text(stamp.counter) .. '.' .. stamp.writer end

local function parse_stamp(s)
  local ms, counter, writer = string.match(s, '^(%d+)%.(%d+)%.(.+)$')
  return { ms = tonumber(ms), counter = tonumber(counter), writer = writer }
end

local function get(key)
  local kept = redis.call('HGET', STATE, key)
  if not kept then return nil end
  local stamp, position, mark, raw = string.match(kept, '^([^|]*)|([^|]*)|(%d)|(.*)$')
  return { stamp = parse_stamp(stamp), position = position, mark = tonumber(mark), raw = raw }
end

local function put(key, register)
  redis.call('HSET', STATE, key, table.concat({
    stamp_text(register.stamp), register.position, register.mark, register.raw }, '|'))
  redis.call('ZADD', NAMES, 0, key)
end

-- The lesson's meta fields that every write reads and writes, as numbers.
local Meta = {}
Meta.fields = { 'number', 'last', 'ended', 'bytes', 'expire_at', 'clock_ms', 'clock_counter', 'pulled_ms', 'pulled_counter' }

function Meta.read()
  local values, meta = redis.call('HMGET', META, unpack(Meta.fields)), {}
  for i, name in ipairs(Meta.fields) do
    if name == 'last' then meta.last = values[i] or nil else meta[name] = tonumber(values[i] or '0') end
  end
  if not meta.last then return nil end
  return meta
end

-- Everything of a lesson expires together, the retention after its last renewal. A write renews at most once an
-- hour, which costs it nothing else, so a lesson lives after its last change its retention, less an hour at worst.
function Meta.save(meta, now, retention_s)
  local due, pairs_ = now >= meta.expire_at, {}
  if due then meta.expire_at = now + 3600000 end
  for _, name in ipairs(Meta.fields) do
    pairs_[#pairs_ + 1] = name
    pairs_[#pairs_ + 1] = name == 'last' and meta.last or text(meta[name])
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

local function pull_back(meta, asked, now)
  meta.pulled_ms, meta.pulled_counter = later(now, asked.counter, meta.pulled_ms, meta.pulled_counter)
  local remembered = redis.call('HLEN', PULLED)
  if remembered >= PULLED_MAX then redis.call('DEL', PULLED) end
  if remembered == 0 or remembered >= PULLED_MAX then Meta.renew(meta) end
  local used = { ms = meta.pulled_ms, counter = meta.pulled_counter, writer = asked.writer }
  redis.call('HSET', PULLED, stamp_text(asked), stamp_text(used))
  return used
end

local function issue_stamp(meta, asked, now)
  local used
  if not asked then
    used = { writer = 'server' }
    used.ms, used.counter = later(now, 0, meta.clock_ms, meta.clock_counter)
  else
    local pulled = meta.pulled_ms > 0 and redis.call('HGET', PULLED, stamp_text(asked))
    if pulled then used = parse_stamp(pulled)
    elseif asked.ms > now + AHEAD_MS then used = pull_back(meta, asked, now)
    else used = asked end
  end
  if used.ms > meta.clock_ms or (used.ms == meta.clock_ms and used.counter > meta.clock_counter) then
    meta.clock_ms, meta.clock_counter = used.ms, used.counter
  end
  return used
end

local function beats(write, old)
  if old and not below(old.stamp, write.stamp) then return false end
  local at = 0
  while true do
    at = string.find(write.key, '/', at + 1, true)
    if not at or at == #write.key then return true end
    local clear = get(string.sub(write.key, 1, at))
    if clear and below(write.stamp, clear.stamp) then return false end
  end
end

local function clear_below(meta, write, position)
  local names = redis.call('ZRANGEBYLEX', NAMES, '(' .. write.key, '(' .. write.key .. '\255')
  for _, key in ipairs(names) do
    local register = get(key)
    if below(register.stamp, write.stamp) then
      if write.removed and register.raw ~= 'null' then write.removed[#write.removed + 1] = { key, register } end
      meta.bytes = meta.bytes - #register.raw
      redis.call('HDEL', STATE, key)
      redis.call('ZREM', NAMES, key)
    else
      register.position = position
      put(key, register)
    end
  end
end

-- write: key, stamp, mark, keep ('0' live only, '1' kept, '2' kept and the server's own), raw; removed, a list, where
-- somebody wants to know which values a clear took away: {key, register}
local function apply(meta, write, position)
  local old = get(write.key)
  if not beats(write, old) then return false end
  if string.sub(write.key, -1) == '/' then clear_below(meta, write, position) end
  local raw = write.keep == '0' and 'null' or write.raw
  meta.bytes = meta.bytes + #raw - (old and #old.raw or 0)
  local mark = math.max(write.mark, old and old.mark or 0)
  put(write.key, { stamp = write.stamp, position = position, mark = mark, raw = raw })
  return true
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

-- What a script applies goes into one entry, and beyond ENTRY_WRITES into further ones: a command has so many arguments at
-- most, and a script that failed after its first change would leave a lesson that no entry tells of.
local function new_entry(meta, now, feed_limit)
  local entry = { position = next_position(meta, now), writes = {} }
  function entry.tell()
    if #entry.writes == 0 then return end
    append(meta, entry.position, entry.writes, feed_limit)
    entry.position, entry.writes = next_position(meta, now), {}
  end
  function entry.take(write)
    if not apply(meta, write, entry.position) then return false end
    entry.writes[#entry.writes + 1] = write
    if #entry.writes == ENTRY_WRITES then entry.tell() end
    return true
  end
  return entry
end
