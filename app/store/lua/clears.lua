-- Which write wins, and what a clear takes away: core/lesson.py, where it must be atomic. After below.lua.

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

  -- Whether all are older than the clear. Of those that have a cover only one stamp is known to be; seldom are the
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

  -- What the members are below the prefixes above the clear: there may be tens of thousands, so nothing is made twice.
  local function add_above(list, above, members, at)
    for _, prefix in ipairs(above) do
      for _, member in ipairs(members) do list[#list + 1] = prefix .. string.sub(member, at) end
    end
  end

  -- What is below a prefix has the same place there as below the clear: below both the clear reaches a range.
  local function remove_older(prefix, reach)
    redis.call('ZREMRANGEBYLEX', NAMES, '[' .. prefix .. '\0', '(' .. prefix .. '\0' .. reach)
  end

  local function remove_older_below(keys, from, reach)
    local seen = {}
    for _, key in ipairs(keys) do
      local at = string.find(key, '/', from, true)
      while at and at < #key do
        local prefix = string.sub(key, 1, at)
        if not seen[prefix] then
          seen[prefix] = true
          remove_older(prefix, reach)
        end
        at = string.find(key, '/', at + 1, true)
      end
    end
  end

  -- Something below has survived: what is older becomes tombstones, and nothing else is touched.
  local function bury(meta, clear, position, above, keys, kept, members)
    local dead, at, reach = (above[1] or clear.key) .. '\1', #clear.key + 1, sortable(clear.stamp)
    remove_older(clear.key, reach)
    remove_older_below(keys, at, reach)
    add_above(gone, above, members, at)
    for i, key in ipairs(keys) do
      local head, mark, cover, at_raw = string.match(kept[i], '^([^|]*|)[^|]*|(%d)([^|]*)|()')
      if string.sub(kept[i], at_raw) ~= 'null' then
        if clear.removed then clear.removed[#clear.removed + 1] = { key, get(key) } end
        meta.bytes = meta.bytes + #'null' - (#kept[i] - at_raw + 1)
        known[key], changed[key] = head .. position .. '|' .. mark .. cover .. '|null', true
      end
      local ms = cover ~= '' and string.match(cover, '%d+')
      if ms and tonumber(ms) >= clear.stamp.ms then move(key, prefixes(key), nil, place(get(key), clear.stamp))
      else come[#come + 1], come[#come + 2] = 0, dead .. key end
    end
    flush_names()
  end

  local function drop_all(meta, clear, keys, kept)
    for i, key in ipairs(keys) do
      local _, head = string.find(kept[i], '^[^|]*|[^|]*|[^|]*|')
      meta.bytes = meta.bytes - #kept[i] + head
      if clear.removed then
        known[key] = kept[i]
        local register = get(key)
        if register.raw ~= 'null' then clear.removed[#clear.removed + 1] = { key, register } end
      end
      if known[key] ~= nil then known[key], changed[key] = false, nil end
    end
    in_chunks('HDEL', STATE, keys)
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
      bury(meta, clear, position, above, keys, kept, members)
      return false
    end
    drop_all(meta, clear, keys, kept)
    local others, dead = {}, (above[1] or clear.key) .. '\1' .. clear.key
    add_above(others, above, members, #clear.key + 1)
    in_chunks('ZREM', NAMES, others)
    members = redis.call('ZRANGEBYLEX', NAMES, '(' .. dead, '(' .. dead .. '\255')
    if members[1] then
      keys = keys_of(members, 1, '\1')
      drop_all(meta, clear, keys, kept_of(keys))
      redis.call('ZREMRANGEBYLEX', NAMES, '(' .. dead, '(' .. dead .. '\255')
    end
    redis.call('ZREMRANGEBYLEX', NAMES, '[' .. clear.key, '(' .. clear.key .. '\255')
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
  local entry = { position = nil, writes = {}, pages_at = nil }
  function entry.tell()
    if #entry.writes == 0 then return end
    append(meta, entry.position, entry.writes, feed_limit)
    entry.position, entry.writes, entry.pages_at = nil, {}, nil
  end
  function entry.take(write)
    entry.position = entry.position or next_position(meta, now)
    if not apply(meta, write, entry.position) then return false end
    if write.key == 'pages' and entry.pages_at then -- however short they were sent, 256 orders of a long lesson are megabytes
      entry.writes[entry.pages_at] = write
      return true
    end
    entry.writes[#entry.writes + 1] = write
    if write.key == 'pages' then entry.pages_at = #entry.writes end
    if #entry.writes == ENTRY_WRITES then entry.tell() end
    return true
  end
  return entry
end
