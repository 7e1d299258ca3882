-- Which write wins, and what a clear takes away: core/lesson.py and core/below.py, where it must be atomic. After registers.lua.

-- The families of which a prefix may be cleared (core/keys.py): no other needs a place in `names`.
local CLEARED = { ['ink/'] = true, ['poll/'] = true, ['notes/'] = true }
local routes = {}

-- The prefixes above a key whose clears cover it. Only a stroke has anything below it: where there are two, the key is a stroke
-- or the clear of its pieces (`other` is the one for the other); the third is that clear, of the stroke `host`.
local function prefixes(key)
  local found = routes[key]
  if found then return found end
  found = {}
  routes[key] = found
  local at = string.find(key, '/', 1, true)
  if at and CLEARED[string.sub(key, 1, at)] then
    local depth, size = 0, #key
    while at and at < size do
      depth = depth + 1
      found[depth] = string.sub(key, 1, at)
      if depth == 3 then found.host = string.sub(key, 1, at - 1) end
      at = string.find(key, '/', at + 1, true)
    end
    if depth == 2 then found.is_clear, found.other = at == size, at and string.sub(key, 1, -2) or key .. '/' end
  end
  return found
end

-- Every register that a write of this key compares itself with.
local function concerned(key, fields)
  local above, size = prefixes(key), #fields + 1
  fields[size], fields[size + 1], fields[size + 2], fields[size + 3] = key, above[1], above[2], above[3]
  local more = above.other or above.host
  if more then fields[#fields + 1] = more end
end

local function newest_above(above)
  local newest
  for i, prefix in ipairs(above) do
    local clear = known[prefix] ~= false and get(prefix)
    local host = i == 3 and known[above.host] ~= false and get(above.host)
    if host then clear = host.cover end
    if clear and not (newest and below(clear.stamp, newest)) then newest = clear.stamp end
  end
  return newest
end

local function sortable(stamp) return string.format('%015.0f%010.0f', stamp.ms, stamp.counter) .. stamp.writer end

-- The part of a member between prefix and key: the lowest stamp that the clears above have left alive, or none.
local function place(register, newest)
  local lowest, cover = register.stamp, register.cover and register.cover.stamp
  if newest and below(lowest, newest) then lowest = nil end
  if cover and not (newest and below(cover, newest)) and not (lowest and below(lowest, cover)) then lowest = cover end
  return lowest and '\0' .. sortable(lowest) .. '\0' or '\1'
end

local moved = {} -- keys since the last flush: what a key has added may be removed only when that is done
local function move(key, above, was, now)
  if was == now then return end
  if was and moved[key] then
    flush_names()
    moved = {}
  end
  moved[key] = true
  for i, prefix in ipairs(above) do
    if was and (i == 1 or was ~= '\1') then gone[#gone + 1] = prefix .. was .. key end
    if now and (i == 1 or now ~= '\1') then come[#come + 1], come[#come + 2] = 0, prefix .. now .. key end
  end
end

-- What is needed by clears, and by strokes that come after theirs. Made when it is: each function that is made costs a write as
-- much as a third of a command of the store.
local made
local function seldom()
  if made then return made end
  local function keys_of(members, from, mark)
    local keys = {}
    for i, member in ipairs(members) do keys[i] = string.sub(member, string.find(member, mark, from, true) + 1) end
    return keys
  end

  local function kept_of(keys)
    local kept = {}
    for first = 1, #keys, CHUNK do
      local last = math.min(first + CHUNK - 1, #keys)
      for i, one in ipairs(redis.call('HMGET', STATE, unpack(keys, first, last))) do
        local key = keys[first + i - 1]
        kept[first + i - 1] = changed[key] and known[key] or one
      end
    end
    return kept
  end

  -- Whether all are older than the clear. Of those that have a cover only the lower stamp is known to be; seldom are the
  -- milliseconds of the other not enough to say.
  local function all_older(keys, kept, stamp)
    for i, one in ipairs(kept) do
      local ms, cover = string.match(one, '^(%d+)%.[^|]*|[^|]*|%d,(%d+)')
      if cover and (tonumber(ms) >= stamp.ms or tonumber(cover) >= stamp.ms) then
        local register = get(keys[i])
        if not below(register.stamp, stamp) or not below(register.cover.stamp, stamp) then return false end
      end
    end
    return true
  end

  -- Something below has survived: what is older becomes tombstones, and nothing else is touched.
  local function bury(meta, clear, position, keys, members)
    for i, key in ipairs(keys) do
      local register, above = get(key), prefixes(key)
      local was, keeps = string.sub(members[i], #clear.key + 1, -#key - 1), register.raw
      if keeps ~= 'null' and below(register.stamp, clear.stamp) then
        if clear.removed then clear.removed[#clear.removed + 1] = { key, get(key) } end
        meta.bytes = meta.bytes + #'null' - #keeps
        register.raw, register.position = 'null', position
        put(key, register)
      end
      move(key, above, was, place(register, clear.stamp))
    end
  end

  local function drop_all(meta, clear, keys, kept, members)
    local others, at = {}, #clear.key + 1
    for i, key in ipairs(keys) do
      local _, head = string.find(kept[i], '^[^|]*|[^|]*|[^|]*|')
      meta.bytes = meta.bytes - #kept[i] + head
      if clear.removed then
        known[key] = kept[i]
        local register = get(key)
        if register.raw ~= 'null' then clear.removed[#clear.removed + 1] = { key, register } end
      end
      if known[key] ~= nil then known[key], changed[key] = false, nil end
      if members then
        local suffix = string.sub(members[i], at)
        for _, prefix in ipairs(prefixes(key)) do
          if prefix ~= clear.key then others[#others + 1] = prefix .. suffix end
        end
        routes[key] = nil
      end
    end
    in_chunks('HDEL', STATE, keys)
    in_chunks('ZREM', NAMES, others)
  end

  -- Answers whether the clear is told as one, for nothing below has survived.
  local function clear_below(meta, clear, position, above)
    flush_names()
    moved = {}
    local live, reach = clear.key .. '\0', sortable(clear.stamp)
    local members = redis.call('ZRANGEBYLEX', NAMES, '[' .. live, '(' .. live .. reach)
    local survivors = redis.call('ZRANGEBYLEX', NAMES, '[' .. live .. reach, '(' .. clear.key .. '\1', 'LIMIT', 0, 1)
    local keys = keys_of(members, #live + 26, '\0') -- 25 digits, and a writer of one character at least
    local kept = kept_of(keys)
    if survivors[1] or not all_older(keys, kept, clear.stamp) then
      for i, key in ipairs(keys) do known[key] = kept[i] end
      bury(meta, clear, position, keys, members)
      return false
    end
    drop_all(meta, clear, keys, kept, members)
    in_chunks('ZREM', NAMES, members)
    local dead = (above[1] or clear.key) .. '\1'
    members = redis.call('ZRANGEBYLEX', NAMES, '(' .. dead .. clear.key, '(' .. dead .. clear.key .. '\255')
    if members[1] then
      keys = keys_of(members, 1, '\1')
      drop_all(meta, clear, keys, kept_of(keys), nil)
      in_chunks('ZREM', NAMES, members)
    end
    return true
  end

  local function clear(meta, write, position, above, newest)
    local host = above.is_clear and above.other
    local register = host and get(host)
    local old = register and register.cover or not register and get(write.key)
    if old and not below(old.stamp, write.stamp) then return false end
    local loud = clear_below(meta, write, position, above)
    local told = loud and position or old and old.position or '0-0'
    local was = register and place(register, newest) or old and place(old, newest)
    if register then
      register.cover = { stamp = write.stamp, position = told }
      if loud then register.position = position end
    else
      host = write.key
      if not old then meta.bytes = meta.bytes + #write.raw end
      register = { stamp = write.stamp, position = told, mark = write.mark, raw = write.raw }
    end
    put(host, register)
    move(host, above, was or nil, place(register, newest))
    return true
  end

  -- The clear below a stroke that comes after it becomes its cover.
  local function absorb(meta, key, above, newest)
    local clear_key = key .. '/'
    local register = get(clear_key)
    if not register then return nil end
    meta.bytes = meta.bytes - #register.raw
    drop(clear_key)
    move(clear_key, above, place(register, newest), nil)
    return { stamp = register.stamp, position = register.position }
  end

  made = { clear = clear, absorb = absorb }
  return made
end

-- write: key, stamp, mark, keep ('0' live only, '1' kept, '2' kept, and there is always room for it), raw
-- Answers whether it won. Where there is a list `removed`, a clear adds the values that it took: {key, register}.
local function apply(meta, write, position)
  local key, above = write.key, prefixes(write.key)
  local newest = newest_above(above)
  if newest and below(write.stamp, newest) then return false end
  if string.byte(key, -1) == 47 then return seldom().clear(meta, write, position, above, newest) end
  local old = get(key)
  if old and not below(old.stamp, write.stamp) then return false end
  local raw, cover = write.keep == '0' and 'null' or write.raw, old and old.cover
  meta.bytes = meta.bytes + #raw - (old and #old.raw or 0)
  if not old and above.other and get(above.other) then cover = seldom().absorb(meta, key, above, newest) end
  local register = { stamp = write.stamp, position = position, mark = math.max(write.mark, old and old.mark or 0), raw = raw, cover = cover }
  put(key, register)
  if above[1] then move(key, above, old and place(old, newest), place(register, newest)) end
  return true
end

-- What a script applies goes into one entry, and beyond ENTRY_WRITES into further ones: a command has so many arguments at
-- most, and a script that failed after its first change would leave a lesson that no entry tells of.
local function new_entry(meta, now, feed_limit)
  local entry = { position = nil, writes = {} }
  function entry.tell()
    if #entry.writes == 0 then return end
    append(meta, entry.position, entry.writes, feed_limit)
    entry.position, entry.writes = nil, {}
  end
  function entry.take(write)
    entry.position = entry.position or next_position(meta, now)
    if not apply(meta, write, entry.position) then return false end
    entry.writes[#entry.writes + 1] = write
    if #entry.writes == ENTRY_WRITES then entry.tell() end
    return true
  end
  return entry
end
