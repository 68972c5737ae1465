\ir test-a-pipeline.sql
