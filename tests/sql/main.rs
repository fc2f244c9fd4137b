//! What the shared suite cannot see of the stores that keep sessions in SQL.
