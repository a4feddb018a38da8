"""The screenshots of the documents: what is photographed, the story that the pages tell, and the camera."""
