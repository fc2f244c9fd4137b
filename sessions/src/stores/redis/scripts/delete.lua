-- Deletes whatever lies under a key, or a record only if it is in the expected state.
--
-- KEYS  1 record
-- ARGV  1 expected write id and 2 now, if only that state is to be deleted
--
-- Answers {'applied', owner}, {'missing'}, {'conflict'} or {'corrupt'}.

local key, owner = KEYS[1], false
local is_record, head = pcall(head_of, key)
if is_record and head then owner = owner_of(key, head) or false end
if ARGV[1] then
  if not is_record or head == false then return {'corrupt'} end
  if not head or number(head, DEADLINE) <= tonumber(ARGV[2]) then return {'missing'} end
  if head:sub(WRITE_ID, WRITE_ID + 15) ~= ARGV[1] then return {'conflict'} end
end
redis.call('DEL', key)
return {'applied', owner}
