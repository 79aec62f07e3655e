"""`sms-consent senders`: settings of the company's numbers, pools and RCS agents."""
