-- A deck's pages come to the end of the order, once; the first is shown where nothing is.
-- ARGV: now, deck, pages, the most pages of an order, feed, retention_s
-- Answers {'unknown' | 'ended' | 'pages'} or {'ok', position}.

local now, deck, number = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3])
local meta = read_meta()
if not meta then return { 'unknown' } end
if meta.ended == 1 then return { 'ended' } end
-- Told again, by a process that took the deck over: a teacher may have taken pages out meanwhile.
if get('appended/' .. deck) then return { 'ok', meta.last } end

local Pages = page_orders()
local register, order = Pages.standing()
local there, before = {}, #order
for _, page in ipairs(order) do there[page] = true end
for n = 1, number do
  local page = deck .. '-' .. text(n)
  if not there[page] then order[#order + 1] = page end
end
if #order > before and #order > tonumber(ARGV[4]) then return { 'pages' } end

local entry = new_entry(meta, now, ARGV[5])
local function set(key, keep, raw, stamp)
  take(entry, { key = key, mark = 0, keep = keep, raw = raw, stamp = stamp })
end
set('appended/' .. deck, '2', 'true', issue_stamp(meta, nil, now))
if #order > before then set('pages', '1', Pages.encode(order), Pages.stamp_after(meta, register)) end
local slide = get('slide')
if not slide or slide.raw == 'null' then
  local first = deck .. '-1'
  set('slide', '1', '{"page":"' .. first .. '"}', Pages.stamp_after(meta, slide))
  set('shown/' .. first, '2', 'true', Pages.stamp_after(meta, get('shown/' .. first)))
end
tell(entry)
save_meta(meta, now, ARGV[6])
return { 'ok', meta.last }
