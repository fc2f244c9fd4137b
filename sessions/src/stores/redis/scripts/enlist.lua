-- Puts a record into an index that lies on another machine: before the record is written, so that none lives unlisted.
--
-- KEYS  1 index
-- ARGV  1 member · 2 deadline · 3 up to when index entries are dead · 4 lifetime in milliseconds

enlist(KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4])
return {'applied'}
