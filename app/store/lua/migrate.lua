-- A lesson of an earlier release, once, at its next write: `names` held the bare keys, and the clear below a register was a register
-- of its own. Before write.lua.

local function migrate(meta, retention_s)
  local state = redis.call('HGETALL', STATE)
  for i = 1, #state, 2 do known[state[i]] = state[i + 1] end
  for i = 1, #state, 2 do
    local above = prefixes(state[i])
    local host = above.is_clear and above.other
    local register = host and get(host)
    if register then
      local old = get(state[i])
      local ms, seq = string.match(register.position, '^(%d+)-(%d+)$')
      local its_ms, its_seq = string.match(old.position, '^(%d+)-(%d+)$')
      ms, its_ms = tonumber(ms), tonumber(its_ms)
      if its_ms > ms or (its_ms == ms and tonumber(its_seq) > tonumber(seq)) then register.position = old.position end
      register.cover = { stamp = old.stamp, position = old.position }
      meta.bytes = meta.bytes - #old.raw
      put(host, register)
      drop(state[i])
    end
  end
  redis.call('DEL', NAMES)
  come = { 0, '' }
  for i = 1, #state, 2 do
    local key = state[i]
    local above = prefixes(key)
    if known[key] and above[1] then move(key, above, nil, place(get(key), newest_above(above))) end
  end
  flush()
  redis.call('EXPIRE', NAMES, retention_s)
  meta.form = FORM
  redis.call('HSET', META, 'form', FORM, 'bytes', text(meta.bytes))
end
