# The words of the HTML page.
