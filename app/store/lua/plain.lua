-- For a write that touches neither polls nor the order of pages, in the place of migrate.lua, tally.lua, polls.lua and pages.lua:
-- what a script defines costs every call as much as a command of the store. The rest is asked of the whole script, which
-- Python calls for it, and where this one answers 'form'. Before write.lua.

local migrate, Polls, page_orders
