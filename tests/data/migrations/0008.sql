-- Rows that a database of version 8 may have besides those of the versions before.

UPDATE deliveries SET first = 1 WHERE cause LIKE '%:thread';
