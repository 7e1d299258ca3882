-- What app/core/pages.py says of the order of pages, where it must be atomic. Prepended to write.lua and append.lua.
-- One function makes it all, so that a script that needs none of it pays for none of it.

local function page_orders()
  local Pages = {}
  local HEARD_MS = 10000

  local function deck_of(page) return string.match(page, '^(.*)%-') or '' end

  -- The order in a register's value and the decks its writer names, if it does; nil for what is no order.
  function Pages.parse(raw)
    if raw == 'null' then return {}, nil end
    local ok, value = pcall(cjson.decode, raw)
    if not ok or type(value) ~= 'table' or type(value.order) ~= 'table' then return nil, nil end
    return value.order, type(value.decks) == 'table' and value.decks or nil
  end

  function Pages.encode(order)
    if #order == 0 then return '{"order":[]}' end
    return '{"order":["' .. table.concat(order, '","') .. '"]}'
  end

  function Pages.standing()
    local register = get('pages')
    return register, register and Pages.parse(register.raw) or {}
  end

  -- Pages that stand in the order now and that the writer of these orders may not have known: page, and when it was appended.
  local function late(writes)
    local known, when, found = {}, {}, {}
    for _, write in ipairs(writes) do
      for _, page in ipairs(write.order) do known[deck_of(page)] = true end
      for _, deck in ipairs(write.decks or {}) do known[deck] = true end
    end
    local _, standing = Pages.standing()
    for _, page in ipairs(standing) do
      local deck = deck_of(page)
      if not known[deck] then
        if when[deck] == nil then
          local told = get('appended/' .. deck)
          when[deck] = told and told.stamp.ms or false
        end
        if when[deck] then found[#found + 1] = { page = page, appended = when[deck] } end
      end
    end
    return found
  end

  -- Before anything changes: what the writes of `pages` in a request lack. False where an order would have more than `most` pages.
  function Pages.plan(writes, most)
    local orders = {}
    for _, write in ipairs(writes) do
      write.order, write.decks = Pages.parse(write.raw)
      if write.order then orders[#orders + 1] = write end
    end
    if #orders == 0 then return true end
    local missing = late(orders)
    for _, write in ipairs(orders) do
      write.missing = missing
      if #write.order + #missing > most then return false end
    end
    return true
  end

  -- Once a write has its stamp: its value with the pages that its writer cannot have known, and without `decks`.
  function Pages.merge(write)
    if not write.order then return end
    local added = false
    for _, each in ipairs(write.missing) do
      if write.decks or write.stamp.ms <= each.appended + HEARD_MS then
        write.order[#write.order + 1] = each.page
        added = true
      end
    end
    if write.decks or added then write.raw = Pages.encode(write.order) end
  end

  -- The smallest of the server's stamps that beats a register's: what was written a moment before it was is not beaten too.
  function Pages.stamp_after(meta, register)
    local used = { ms = 0, counter = 0, writer = 'server' }
    if register then
      used.ms, used.counter = register.stamp.ms, register.stamp.counter + 1
      if used.counter > COUNTER_MAX then used.ms, used.counter = used.ms + 1, 0 end
    end
    if used.ms > meta.clock_ms or (used.ms == meta.clock_ms and used.counter > meta.clock_counter) then
      meta.clock_ms, meta.clock_counter = used.ms, used.counter
    end
    return used
  end
  return Pages
end
