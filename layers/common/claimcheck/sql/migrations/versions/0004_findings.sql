-- What reading a document found, beside its text. NULL in rows that were read before: none.
ALTER TABLE documents
  ADD COLUMN image_pages integer[],              -- pages that show what is not in the text
  ADD COLUMN findings jsonb;                     -- a list of {code, start, end, page, detail}
