-- What a document shows that is neither in its text nor on a page that is shown to the model. NULL in rows
-- that were read before: none is known.
ALTER TABLE documents
  ADD COLUMN unread jsonb;                       -- a list of {start, end, page, reason}
