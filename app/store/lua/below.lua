-- What lies below each prefix: core/below.py, where it must be atomic. After registers.lua.

-- The families of which a prefix may be cleared (core/keys.py): no other needs a place in `names`.
local CLEARED = { ['ink/'] = true, ['poll/'] = true, ['notes/'] = true }
-- The form of a lesson, in meta's `form`: in 2, a cover was in `names` also where its register's value was there.
local FORM = 3
local routes, NOWHERE = {}, {}

-- The prefixes above a key whose clears cover it. Only a stroke has anything below it: where there are two, the key is a stroke
-- or the clear of its pieces (`other` is the one for the other); the third is that clear, of the stroke `host`.
local function prefixes(key)
  local found = routes[key]
  if found then return found end
  local size, first = #key, find(key, '/', 1, true)
  local family = first and first < size and sub(key, 1, first)
  local second = family and find(key, '/', first + 1, true)
  local third = second and second < size and find(key, '/', second + 1, true)
  if not family or not CLEARED[family] then found = NOWHERE
  elseif not second or second == size then found = { family }
  elseif not third then found = { family, sub(key, 1, second), other = key .. '/' }
  elseif third == size then found = { family, sub(key, 1, second), other = sub(key, 1, -2), is_clear = true }
  else found = { family, sub(key, 1, second), sub(key, 1, third), host = sub(key, 1, third - 1) } end
  routes[key] = found
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
  for i = 1, #above do
    local host = i == 3 and known[above.host] ~= false and get(above.host)
    local clear = host and host.cover
    if not host and known[above[i]] ~= false then clear = get(above[i]) end
    if clear and not (newest and below(clear.stamp, newest)) then newest = clear.stamp end
  end
  return newest
end

-- The part of a member between its prefix and its key: a stamp that sorts as text, or '\1'.
local function sortable(stamp)
  if not stamp.sortable then
    local ms, counter = match(stamp_text(stamp), '^(%d+)%.(%d+)')
    stamp.sortable = '\0' .. sub('000000000000000', #ms + 1) .. ms .. sub('0000000000', #counter + 1) .. counter .. stamp.writer .. '\0'
  end
  return stamp.sortable
end

-- The stamp at which a clear takes something away, or none.
local function place(register, newest)
  local alive, cover = register.stamp, register.cover and register.cover.stamp
  if newest and below(alive, newest) then alive = cover and not below(cover, newest) and cover end
  return alive and sortable(alive) or '\1'
end

local function move(key, above, was, now)
  if was == now then return end
  if was and moved[key] then flush_names() end -- what a key has added may be removed only when that is done
  moved[key] = true
  for i = 1, #above do
    local prefix = above[i]
    if was and (i == 1 or was ~= '\1') then gone[#gone + 1] = prefix .. was .. key end
    if now and (i == 1 or now ~= '\1') then
      local size = #come
      come[size + 1], come[size + 2] = 0, prefix .. now .. key
    end
  end
end
