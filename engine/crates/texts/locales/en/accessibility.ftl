accessibility-title = Accessibility
accessibility-how = This portal is built to the accessibility rules WCAG 2.1, level AA: it is used by keyboard, enlarged and without JavaScript; it respects the dark colours, the high contrast and the reduced motion that are chosen on your device.
accessibility-known = What is not up to the portal
accessibility-known-how = Reports are PDF documents prepared by the institution, and radiological images have no description in words: what they show is what the doctor's report says.
accessibility-tested = How this is checked
accessibility-tested-how = At every change of the program each page, in Italian and in English, is checked with axe-core: at several widths from 320 pixels up, enlarged to 200 %, in light and dark colours, with more contrast and in the colours that a system imposes; it is walked through with the keyboard alone, and used without JavaScript too. Nobody has checked them with a screen reader yet: a program does not stand in for the judgement of people.
accessibility-trouble = Something in your way?
accessibility-trouble-how = Tell the institution: name the page, what you wanted to do and on which device. You can always ask for your results at the desk.
