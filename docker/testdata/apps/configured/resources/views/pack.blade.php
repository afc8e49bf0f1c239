<script src="{{ $script }}"></script><b id="env">@environment</b>
