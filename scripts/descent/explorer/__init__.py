"""The page on which one explores a study, results/<study>/explorer.html.

thinned   which evaluated steps the page shows
content   what it shows: of the study and its runs in words, and columns of numbers
packed    columns of numbers as text
page      all in one file, with the JavaScript of report/explorer/
index     the page that links the studies

What it shows of the iterates, weights as images and paths in the plane, is in descent/pictures/.
"""
