-- Which write wins, and what a clear takes away: core/lesson.py, where it must be atomic. After below.lua.

-- What is needed by clears, and by strokes that come after theirs. Made when it is: each function that is made costs a write as
-- much as a third of a command of the store.
local FEW, FEW_NAMED = 32, 5 -- looked at in one go; removed by name
local made
local function seldom()
  if made then return made end
  local function keys_of(members, from, mark)
    local keys = {}
    for i, member in ipairs(members) do keys[i] = sub(member, find(member, mark, from, true) + 1) end
    return keys
  end

  local function kept_of(keys)
    local kept = {}
    for first = 1, #keys, CHUNK do
      local last = math.min(first + CHUNK - 1, #keys)
      for i, one in ipairs(call('HMGET', STATE, unpack(keys, first, last))) do
        local key = keys[first + i - 1]
        kept[first + i - 1] = changed[key] and kept_text(key) or one
      end
    end
    return kept
  end

  -- Whether all are older than the clear. Of those that have a cover only one stamp is known to be; seldom are the
  -- milliseconds of the other not enough to say.
  local function all_older(keys, kept, stamp)
    for i, one in ipairs(kept) do
      local ms, cover = match(one, '^(%d+)%.[^|]*|[^|]*|%d,(%d+)')
      if cover and (tonumber(ms) >= stamp.ms or tonumber(cover) >= stamp.ms) then
        local register = get(keys[i])
        if not below(register.stamp, stamp) or not below(register.cover.stamp, stamp) then return false end
      end
    end
    return true
  end

  -- Removes what the members are below the prefixes above the clear, where they have the same order. Where nothing is between them,
  -- as between the pieces of a stroke, they go as one range, which is cheaper than by name.
  local function remove_above(above, members, at)
    local named, number = {}, #members
    for _, prefix in ipairs(number > 0 and above or {}) do
      local first, last = '[' .. prefix .. sub(members[1], at), '[' .. prefix .. sub(members[number], at)
      if number > FEW_NAMED and call('ZLEXCOUNT', NAMES, first, last) == number then
        call('ZREMRANGEBYLEX', NAMES, first, last)
      else
        local size = #named
        for i = 1, number do named[size + i] = prefix .. sub(members[i], at) end
      end
    end
    if named[1] then in_chunks('ZREM', NAMES, named) end
  end

  -- What is below a prefix has the same place there as below the clear: below both the clear reaches a range.
  local function remove_older(prefix, reach)
    call('ZREMRANGEBYLEX', NAMES, '[' .. prefix .. '\0', '(' .. prefix .. reach)
  end

  local function remove_older_below(keys, from, reach)
    local seen = {}
    for _, key in ipairs(keys) do
      local at = find(key, '/', from, true)
      while at and at < #key do
        local prefix = sub(key, 1, at)
        if not seen[prefix] then
          seen[prefix] = true
          remove_older(prefix, reach)
        end
        at = find(key, '/', at + 1, true)
      end
    end
  end

  -- Something below has survived: what is older becomes tombstones, and nothing else is touched.
  local function bury(meta, clear, position, above, keys, kept, members)
    local dead, at, reach = (above[1] or clear.key) .. '\1', #clear.key + 1, sortable(clear.stamp)
    remove_older(clear.key, reach)
    remove_older_below(keys, at, reach)
    remove_above(above, members, at)
    for i, key in ipairs(keys) do
      local head, mark, cover, at_raw = match(kept[i], '^([^|]*|)[^|]*|(%d)([^|]*)|()')
      if sub(kept[i], at_raw) ~= 'null' then
        if clear.removed then clear.removed[#clear.removed + 1] = { key, get(key) } end
        meta.bytes = meta.bytes + #'null' - (#kept[i] - at_raw + 1)
        known[key], parsed[key], changed[key] = head .. position .. '|' .. mark .. cover .. '|null', nil, true
      end
      local ms = cover ~= '' and match(cover, '%d+')
      if ms and tonumber(ms) >= clear.stamp.ms then move(key, prefixes(key), nil, place(get(key), clear.stamp))
      else come[#come + 1], come[#come + 2] = 0, dead .. key end
    end
    flush_names()
  end

  local function drop_all(meta, clear, keys, kept)
    for i, key in ipairs(keys) do
      meta.bytes = meta.bytes - raw_size(kept[i])
      if clear.removed then
        known[key] = kept[i]
        local register = get(key)
        if register.raw ~= 'null' then clear.removed[#clear.removed + 1] = { key, register } end
      end
      if known[key] ~= nil then known[key], changed[key] = false, nil end
    end
    if keys[1] then in_chunks('HDEL', STATE, keys) end
  end

  local function is_moved_below(prefix)
    local size = #prefix
    for key in pairs(moved) do
      if sub(key, 1, size) == prefix then return true end
    end
    return false
  end

  -- The members that a clear reaches, and whether there are others. Mostly there are few, such as a stroke's pieces, and one look
  -- says both, for the last of them has the highest stamp.
  local function older_below(clear, live)
    local members = call('ZRANGEBYLEX', NAMES, '[' .. live, '(' .. clear.key .. '\1', 'LIMIT', 0, FEW + 1)
    local last = members[#members]
    if not last then return members, false end
    if #members <= FEW then
      local at = #live
      if tonumber(sub(last, at + 1, at + 15)) < clear.stamp.ms then return members, false end
      local newest = {
        ms = tonumber(sub(last, at + 1, at + 15)), counter = tonumber(sub(last, at + 16, at + 25)),
        writer = sub(last, at + 26, find(last, '\0', at + 26, true) - 1),
      }
      if below(newest, clear.stamp) then return members, false end
    end
    local reach = clear.key .. sortable(clear.stamp)
    local survivors = call('ZRANGEBYLEX', NAMES, '[' .. reach, '(' .. clear.key .. '\1', 'LIMIT', 0, 1)
    return call('ZRANGEBYLEX', NAMES, '[' .. live, '(' .. reach), survivors[1] ~= nil
  end

  -- Answers whether the clear is told as one, for nothing below has survived.
  local function clear_below(meta, clear, position, above)
    if is_moved_below(clear.key) then flush_names() end
    local live = clear.key .. '\0'
    local members, survivors = older_below(clear, live)
    local keys = keys_of(members, #live + 26, '\0') -- 25 digits, and a writer of one character at least
    local kept = kept_of(keys)
    if survivors or not (above.is_clear or all_older(keys, kept, clear.stamp)) then -- pieces have no cover
      for i, key in ipairs(keys) do known[key] = kept[i] end
      bury(meta, clear, position, above, keys, kept, members)
      return false
    end
    drop_all(meta, clear, keys, kept)
    remove_above(above, members, #clear.key + 1)
    local is_live, dead = members[1], (above[1] or clear.key) .. '\1' .. clear.key
    members = call('ZRANGEBYLEX', NAMES, '(' .. dead, '(' .. dead .. '\255')
    if members[1] then
      keys = keys_of(members, 1, '\1')
      drop_all(meta, clear, keys, kept_of(keys))
      call('ZREMRANGEBYLEX', NAMES, '(' .. dead, '(' .. dead .. '\255')
    end
    if is_live then call('ZREMRANGEBYLEX', NAMES, '[' .. clear.key, '(' .. clear.key .. '\255') end
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
  if sub(key, -1) == '/' then return seldom().clear(meta, write, position, above, newest) end
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
  return { meta = meta, now = now, limit = feed_limit, position = false, writes = {}, pages_at = false }
end

local function tell(entry)
  if not entry.writes[1] then return end
  append(entry.meta, entry.position, entry.writes, entry.limit)
  entry.position, entry.writes, entry.pages_at = false, {}, false
end

local function take(entry, write)
  local meta = entry.meta
  local position = entry.position or next_position(meta, entry.now)
  entry.position = position
  if not apply(meta, write, position) then return false end
  local writes = entry.writes
  if write.key == 'pages' then
    if entry.pages_at then -- however short they were sent, 256 orders of a long lesson are megabytes
      writes[entry.pages_at] = write
      return true
    end
    entry.pages_at = #writes + 1
  end
  writes[#writes + 1] = write
  if #writes == ENTRY_WRITES then tell(entry) end
  return true
end
