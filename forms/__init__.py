"""What a task asks: forms in a restricted profile of form-js JSON, read, checked and described on the server.

    form = schema.read(source)                      # FormError with every finding, or a Form
    answers = form.read(raw, context=context)       # AnswersRefused with every problem, or plain JSON answers
"""
