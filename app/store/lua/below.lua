-- What lies below each prefix: core/below.py, where it must be atomic. After registers.lua.

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

-- The part of a member between prefix and key: the stamp at which a clear takes something away, or none.
local function place(register, newest)
  local alive, cover = register.stamp, register.cover and register.cover.stamp
  if newest and below(alive, newest) then alive = cover and not below(cover, newest) and cover end
  return alive and '\0' .. sortable(alive) .. '\0' or '\1'
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
