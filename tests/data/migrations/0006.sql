-- Rows that a database of version 6 may have besides those of the versions before.

INSERT INTO question_rates (question_id, answers, solved)
VALUES
    ('python/oop/mro', 1, 0),
    ('python/oop/slots', 48, 30);
