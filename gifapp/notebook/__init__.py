"""Makes GIFs from the code of notebooks: records frames, draws animations, tries variants."""
