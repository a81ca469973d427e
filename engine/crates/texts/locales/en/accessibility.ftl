accessibility-title = Accessibility
accessibility-how = This portal follows the accessibility rules WCAG 2.1, level AA. Every page can be used by keyboard alone, with a screen reader, enlarged up to 400 % and without JavaScript; it respects the dark colours, the high contrast and the reduced motion that you chose on your device.
accessibility-known = What is not up to the portal
accessibility-known-how = Reports are PDF documents prepared by the institution, and radiological images have no description in words: what they show is what the doctor's report says.
accessibility-tested = How this is checked
accessibility-tested-how = The pages are checked with axe-core in every state and at several widths, by keyboard and in high contrast, at each change of the program. This automatic check does not replace the judgement of people.
accessibility-trouble = Something in your way?
accessibility-trouble-how = Tell the institution: name the page, what you wanted to do and on which device. You can always ask for your results at the desk.
