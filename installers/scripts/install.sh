#!/bin/sh
version='@VERSION@' key='@KEY_KIND@' pub='@PUBLIC_KEY@'
echo "$version $key $pub"
