<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de">
<context>
    <name>CommandLine</name>
    <message>
        <source>The workbench window of Athanor.</source>
        <translation>Das Fenster der Werkbank Athanor.</translation>
    </message>
    <message>
        <source>Render one page into a PNG file and leave.</source>
        <translation>Eine Seite in eine PNG-Datei zeichnen und enden.</translation>
    </message>
    <message>
        <source>Number of the run to open.</source>
        <translation>Nummer des Laufs, der geöffnet wird.</translation>
    </message>
    <message>
        <source>Size of the window, for example 1360x860.</source>
        <translation>Größe des Fensters, zum Beispiel 1360x860.</translation>
    </message>
    <message>
        <source>Recipe file to start a new experiment from.</source>
        <translation>Rezeptdatei, von der ein neues Experiment ausgeht.</translation>
    </message>
    <message>
        <source>Action to run before the page is rendered, by its id.</source>
        <translation>Aktion, die vor dem Zeichnen ausgeführt wird, mit ihrem Kürzel.</translation>
    </message>
    <message>
        <source>Show the recipe as text.</source>
        <translation>Das Rezept als Text zeigen.</translation>
    </message>
    <message>
        <source>Print the milliseconds from the start of the process to the first interactive frame, and leave.</source>
        <translation>Die Millisekunden vom Start des Prozesses bis zum ersten bedienbaren Bild ausgeben und enden.</translation>
    </message>
    <message>
        <source>Print for every drawn sample how long it took from being measured.</source>
        <translation>Für jeden gezeichneten Messwert ausgeben, wie lange es vom Messen bis zum Bild gedauert hat.</translation>
    </message>
    <message>
        <source>--run: must be the number of a run</source>
        <translation>--run: muss die Nummer eines Laufs sein</translation>
    </message>
    <message>
        <source>--size: must look like 1360x860, at least 320x240</source>
        <translation>--size: muss aussehen wie 1360x860, mindestens 320x240</translation>
    </message>
    <message>
        <source>Part of the live page to show: timeline, board or bottom.</source>
        <translation>Teil der Live-Seite, der gezeigt wird: timeline, board oder bottom.</translation>
    </message>
    <message>
        <source>Page to show: runs, experiment, live, compare or preferences.</source>
        <translation>Seite, die gezeigt wird: runs, experiment, live, compare oder preferences.</translation>
    </message>
    <message>
        <source>Numbers of runs to lay side by side, the baseline first: 3,1,2.</source>
        <translation>Nummern der Läufe, die nebeneinanderstehen sollen, die Grundlinie zuerst: 3,1,2.</translation>
    </message>
    <message>
        <source>--compare: must look like 3,1,2</source>
        <translation>--compare: muss aussehen wie 3,1,2</translation>
    </message>
    <message>
        <source>--page: must be runs, experiment, live, compare or preferences</source>
        <translation>--page: muss runs, experiment, live, compare oder preferences sein</translation>
    </message>
    <message>
        <source>View of the compare page: curves, differences, relations, pictures or lineage.</source>
        <translation>Ansicht der Vergleichsseite: curves, differences, relations, pictures oder lineage.</translation>
    </message>
    <message>
        <source>--view: must be curves, differences, relations, pictures or lineage</source>
        <translation>--view: muss curves, differences, relations, pictures oder lineage sein</translation>
    </message>
    <message>
        <source>Look for this session: light, dark or contrast.</source>
        <translation>Aussehen in dieser Sitzung: light, dark oder contrast.</translation>
    </message>
    <message>
        <source>Language for this session: en, de or zh.</source>
        <translation>Sprache in dieser Sitzung: en, de oder zh.</translation>
    </message>
    <message>
        <source>--theme: must be light, dark or contrast</source>
        <translation>--theme: muss light, dark oder contrast sein</translation>
    </message>
    <message>
        <source>--language: must be en, de or zh</source>
        <translation>--language: muss en, de oder zh sein</translation>
    </message>
</context>
<context>
    <name>LiveWords</name>
    <message>
        <source>Alert over: %1</source>
        <translation>Warnung vorbei: %1</translation>
    </message>
    <message>
        <source>Alert: %1</source>
        <translation>Warnung: %1</translation>
    </message>
    <message>
        <source>Preparing</source>
        <translation>Bereitet vor</translation>
    </message>
    <message>
        <source>Running</source>
        <translation>Läuft</translation>
    </message>
    <message>
        <source>Stopping</source>
        <translation>Hält an</translation>
    </message>
    <message>
        <source>Finished</source>
        <translation>Fertig</translation>
    </message>
    <message>
        <source>Stopped</source>
        <translation>Angehalten</translation>
    </message>
    <message>
        <source>Failed</source>
        <translation>Fehlgeschlagen</translation>
    </message>
    <message>
        <source>Checkpoint of %1 written in %2</source>
        <translation>Sicherungspunkt von %1 in %2 geschrieben</translation>
    </message>
    <message>
        <source>Computes in %1 instead of %2: %3</source>
        <translation>Rechnet in %1 statt in %2: %3</translation>
    </message>
    <message>
        <source>Plan recorded</source>
        <translation>Plan festgehalten</translation>
    </message>
    <message>
        <source>Could not %1: %2</source>
        <translation>Nicht gelungen: %1: %2</translation>
    </message>
    <message>
        <source>Went on from %1</source>
        <translation>Ging weiter von %1</translation>
    </message>
    <message>
        <source>Layers of the stages: %1 instead of %2, for a step %3 shorter</source>
        <translation>Schichten der Stufen: %1 statt %2, für einen um %3 kürzeren Schritt</translation>
    </message>
    <message>
        <source>Micro-batches of the replicas: %1 instead of %2, for a step %3 shorter</source>
        <translation>Mikro-Batches der Replikate: %1 statt %2, für einen um %3 kürzeren Schritt</translation>
    </message>
    <message>
        <source>Rank %1 has caught up since step %2</source>
        <translation>Rang %1 hat seit Schritt %2 aufgeholt</translation>
    </message>
    <message>
        <source>Rank %1 takes %2 longer than at the beginning since step %3: %4</source>
        <translation>Rang %1 braucht seit Schritt %3 um %2 länger als am Anfang: %4</translation>
    </message>
    <message>
        <source>Rank %1 takes %2 longer than ranks with the same work since step %3: %4</source>
        <translation>Rang %1 braucht seit Schritt %3 um %2 länger als Ränge mit gleicher Arbeit: %4</translation>
    </message>
    <message>
        <source>Loss</source>
        <translation>Verlust</translation>
    </message>
    <message>
        <source>The first step brings the first loss</source>
        <translation>Der erste Schritt bringt den ersten Verlust</translation>
    </message>
    <message>
        <source>training</source>
        <translation>Training</translation>
    </message>
    <message>
        <source>evaluation</source>
        <translation>Auswertung</translation>
    </message>
    <message>
        <source>Retrieval on unseen styles</source>
        <translation>Suche in ungesehenen Stilen</translation>
    </message>
    <message>
        <source>The first evaluation brings the first figures</source>
        <translation>Die erste Auswertung bringt die ersten Zahlen</translation>
    </message>
    <message>
        <source>text → picture R@1</source>
        <translation>Text → Bild R@1</translation>
    </message>
    <message>
        <source>text → picture R@10</source>
        <translation>Text → Bild R@10</translation>
    </message>
    <message>
        <source>picture → text R@1</source>
        <translation>Bild → Text R@1</translation>
    </message>
    <message>
        <source>picture → text R@10</source>
        <translation>Bild → Text R@10</translation>
    </message>
    <message>
        <source>Learning rate</source>
        <translation>Lernrate</translation>
    </message>
    <message>
        <source>Nothing measured yet</source>
        <translation>Noch nichts gemessen</translation>
    </message>
    <message>
        <source>Gradient norm</source>
        <translation>Gradientennorm</translation>
    </message>
    <message>
        <source>Temperature</source>
        <translation>Temperatur</translation>
    </message>
    <message>
        <source>Throughput</source>
        <translation>Durchsatz</translation>
    </message>
    <message>
        <source>samples/s</source>
        <translation>Proben/s</translation>
    </message>
    <message>
        <source>CPU</source>
        <translation>CPU</translation>
    </message>
    <message>
        <source>GPU %1</source>
        <translation>GPU %1</translation>
    </message>
    <message>
        <source>%1 of %2</source>
        <translation>%1 von %2</translation>
    </message>
    <message>
        <source>Step %1 of %2</source>
        <translation>Schritt %1 von %2</translation>
    </message>
    <message>
        <source>Step %1</source>
        <translation>Schritt %1</translation>
    </message>
    <message>
        <source>Waiting for its turn</source>
        <translation>Wartet, bis er an der Reihe ist</translation>
    </message>
    <message>
        <source>%1 left</source>
        <translation>noch %1</translation>
    </message>
    <message>
        <source>%1 steps/s</source>
        <translation>%1 Schritte/s</translation>
    </message>
    <message>
        <source>%1 so far</source>
        <translation>bisher %1</translation>
    </message>
    <message>
        <source>took %1</source>
        <translation>dauerte %1</translation>
    </message>
    <message>
        <source>Pace</source>
        <translation>Tempo</translation>
    </message>
    <message>
        <source>Peak memory</source>
        <translation>Größter Speicherbedarf</translation>
    </message>
    <message>
        <source>Time to finish</source>
        <translation>Zeit bis zum Ende</translation>
    </message>
    <message>
        <source>resumed</source>
        <translation>fortgesetzt</translation>
    </message>
    <message>
        <source>The run failed: it could not %1</source>
        <translation>Der Lauf schlug fehl: nicht gelungen: %1</translation>
    </message>
    <message>
        <source>The run broke off</source>
        <translation>Der Lauf brach ab</translation>
    </message>
    <message>
        <source>The run failed</source>
        <translation>Der Lauf schlug fehl</translation>
    </message>
    <message>
        <source>Resume goes on from its last whole checkpoint</source>
        <translation>Fortsetzen geht von seinem letzten ganzen Sicherungspunkt weiter</translation>
    </message>
    <message>
        <source>Evaluated</source>
        <translation>Ausgewertet</translation>
    </message>
    <message>
        <source>Evaluated: T→P %1</source>
        <translation>Ausgewertet: T→B %1</translation>
    </message>
    <message>
        <source>%1, forward: %2 → %3</source>
        <translation>%1, vorwärts: %2 → %3</translation>
    </message>
    <message>
        <source>%1, backward: %2 → %3</source>
        <translation>%1, rückwärts: %2 → %3</translation>
    </message>
    <message>
        <source>forked</source>
        <translation>abgezweigt</translation>
    </message>
    <message>
        <source>went back</source>
        <translation>zurückgegangen</translation>
    </message>
    <message>
        <source>Loss scale</source>
        <translation>Skalierung des Verlusts</translation>
    </message>
    <message>
        <source>Products in FP8</source>
        <translation>Produkte in FP8</translation>
    </message>
    <message>
        <source>Updates lost in rounding</source>
        <translation>Beim Runden verlorene Schritte</translation>
    </message>
    <message>
        <source>Over before its first step</source>
        <translation>Zu Ende vor dem ersten Schritt</translation>
    </message>
    <message>
        <source>Going on from step %1 of run %2</source>
        <translation>Geht weiter von Schritt %1 des Laufs %2</translation>
    </message>
    <message numerus="yes">
        <source>%n product(s) change their number format</source>
        <translation>
            <numerusform>%n Produkt ändert sein Zahlenformat</numerusform>
            <numerusform>%n Produkte ändern ihr Zahlenformat</numerusform>
        </translation>
    </message>
    <message>
        <source>It can be started again</source>
        <translation>Er kann noch einmal gestartet werden</translation>
    </message>
    <message>
        <source>Plan held against the steps so far</source>
        <translation>Plan an den bisherigen Schritten geprüft</translation>
    </message>
    <message>
        <source>What came before is told by: athanor-run show RUN --events</source>
        <translation>Was vorher war, sagt: athanor-run show LAUF --events</translation>
    </message>
    <message>
        <source>rank %1 lost</source>
        <translation>Rang %1 verloren</translation>
    </message>
</context>
<context>
    <name>Notice</name>
    <message>
        <source>Could not %1</source>
        <translation>Nicht gelungen: %1</translation>
    </message>
</context>
<context>
    <name>Numbers</name>
    <message>
        <source>not a number</source>
        <translation>keine Zahl</translation>
    </message>
</context>
<context>
    <name>PlanPanel</name>
    <message>
        <source>Parameters</source>
        <translation>Parameter</translation>
    </message>
    <message>
        <source>Gradients</source>
        <translation>Gradienten</translation>
    </message>
    <message>
        <source>Optimizer</source>
        <translation>Optimierer</translation>
    </message>
    <message>
        <source>Activations</source>
        <translation>Aktivierungen</translation>
    </message>
    <message>
        <source>Workspace</source>
        <translation>Zwischenspeicher</translation>
    </message>
    <message>
        <source>Data</source>
        <translation>Daten</translation>
    </message>
    <message>
        <source>Checkpoint</source>
        <translation>Sicherungspunkt</translation>
    </message>
    <message>
        <source>Program</source>
        <translation>Programm</translation>
    </message>
</context>
<context>
    <name>QueryWords</name>
    <message>
        <source>metric</source>
        <translation>Messwert</translation>
    </message>
    <message>
        <source>field of the recipe</source>
        <translation>Feld des Rezepts</translation>
    </message>
    <message>
        <source>of the run</source>
        <translation>des Laufs</translation>
    </message>
    <message>
        <source>over the whole curve</source>
        <translation>über die ganze Kurve</translation>
    </message>
    <message>
        <source>“%1” is no field, parameter or metric.</source>
        <translation>„%1“ ist weder Feld noch Parameter noch Messwert.</translation>
    </message>
    <message>
        <source>“%1” may be any of: %2.</source>
        <translation>„%1“ kann eines von diesen sein: %2.</translation>
    </message>
    <message>
        <source>“%1” cannot be compared or computed with what stands beside it.</source>
        <translation>„%1“ lässt sich mit dem, was daneben steht, weder vergleichen noch verrechnen.</translation>
    </message>
    <message>
        <source>“%1” is no regular expression.</source>
        <translation>„%1“ ist kein regulärer Ausdruck.</translation>
    </message>
    <message>
        <source>“%1” is in no calendar.</source>
        <translation>„%1“ steht in keinem Kalender.</translation>
    </message>
    <message>
        <source>This is longer or deeper than a query may be.</source>
        <translation>So lang oder verschachtelt darf eine Frage nicht sein.</translation>
    </message>
    <message>
        <source>Something is missing at the end.</source>
        <translation>Am Ende fehlt etwas.</translation>
    </message>
    <message>
        <source>“%1” does not fit here.</source>
        <translation>„%1“ passt hier nicht.</translation>
    </message>
    <message>
        <source>Perhaps %1 is meant.</source>
        <translation>Vielleicht ist %1 gemeint.</translation>
    </message>
</context>
<context>
    <name>QueueWords</name>
    <message>
        <source>begins now</source>
        <translation>beginnt jetzt</translation>
    </message>
    <message>
        <source>held</source>
        <translation>zurückgehalten</translation>
    </message>
    <message>
        <source>held, something went wrong</source>
        <translation>zurückgehalten, etwas ging schief</translation>
    </message>
    <message>
        <source>held, what it follows went wrong</source>
        <translation>zurückgehalten, der Lauf davor ging schief</translation>
    </message>
    <message>
        <source>its sweep is held</source>
        <translation>seine Reihe ist angehalten</translation>
    </message>
    <message numerus="yes">
        <source>after run(s) %1</source>
        <translation>
            <numerusform>nach Lauf %1</numerusform>
            <numerusform>nach den Läufen %1</numerusform>
        </translation>
    </message>
    <message>
        <source>tries again soon</source>
        <translation>versucht es bald erneut</translation>
    </message>
    <message>
        <source>the queue is held</source>
        <translation>die Warteschlange ist angehalten</translation>
    </message>
    <message numerus="yes">
        <source>waits for %n core(s)</source>
        <translation>
            <numerusform>wartet auf %n Kern</numerusform>
            <numerusform>wartet auf %n Kerne</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>waits for %n GPU(s)</source>
        <translation>
            <numerusform>wartet auf %n GPU</numerusform>
            <numerusform>wartet auf %n GPUs</numerusform>
        </translation>
    </message>
    <message>
        <source>waits for its turn</source>
        <translation>wartet, bis es an der Reihe ist</translation>
    </message>
    <message>
        <source>behind run %1</source>
        <translation>hinter Lauf %1</translation>
    </message>
    <message>
        <source>Place %1 of the queue, priority %2: %3</source>
        <translation>Platz %1 der Warteschlange, Vorrang %2: %3</translation>
    </message>
    <message>
        <source>The last attempt ended with: %1</source>
        <translation>Der letzte Versuch endete mit: %1</translation>
    </message>
</context>
<context>
    <name>RecoveryWords</name>
    <message>
        <source>Noticed</source>
        <translation>Bemerkt</translation>
    </message>
    <message>
        <source>noticed after %1</source>
        <translation>bemerkt nach %1</translation>
    </message>
    <message>
        <source>Decided</source>
        <translation>Entschieden</translation>
    </message>
    <message>
        <source>decided in %1</source>
        <translation>entschieden in %1</translation>
    </message>
    <message>
        <source>All there</source>
        <translation>Alle da</translation>
    </message>
    <message>
        <source>all ranks there after %1</source>
        <translation>alle Ränge da nach %1</translation>
    </message>
    <message>
        <source>One state</source>
        <translation>Ein Stand</translation>
    </message>
    <message>
        <source>one state in %1</source>
        <translation>ein Stand in %1</translation>
    </message>
    <message>
        <source>Step again</source>
        <translation>Nachgeholt</translation>
    </message>
    <message>
        <source>step taken again in %1</source>
        <translation>Schritt nachgeholt in %1</translation>
    </message>
    <message>
        <source>went on after %1</source>
        <translation>ging weiter nach %1</translation>
    </message>
    <message>
        <source>went on</source>
        <translation>ging weiter</translation>
    </message>
    <message>
        <source>From the last sign of life of the rank until somebody noticed that it was lost</source>
        <translation>Vom letzten Lebenszeichen des Rangs, bis jemand bemerkte, dass er verloren war</translation>
    </message>
    <message>
        <source>Until it was decided what to do</source>
        <translation>Bis entschieden war, was zu tun ist</translation>
    </message>
    <message>
        <source>Until all ranks were there, with the one in its place</source>
        <translation>Bis alle Ränge da waren, auch der an seiner Stelle</translation>
    </message>
    <message>
        <source>Until all ranks had one state of the training</source>
        <translation>Bis alle Ränge einen Stand des Trainings hatten</translation>
    </message>
    <message>
        <source>Until the step that was broken off was done</source>
        <translation>Bis der abgebrochene Schritt getan war</translation>
    </message>
</context>
<context>
    <name>RunWishes</name>
    <message>
        <source>The run is over.</source>
        <translation>Der Lauf ist vorbei.</translation>
    </message>
    <message>
        <source>The run is stopping.</source>
        <translation>Der Lauf hält gerade an.</translation>
    </message>
    <message>
        <source>The run is going on.</source>
        <translation>Der Lauf ist im Gang.</translation>
    </message>
    <message>
        <source>The run is finished.</source>
        <translation>Der Lauf ist fertig.</translation>
    </message>
</context>
<context>
    <name>RunWords</name>
    <message>
        <source>Queued</source>
        <translation>Wartet</translation>
    </message>
    <message>
        <source>Starting</source>
        <translation>Startet</translation>
    </message>
    <message>
        <source>Running</source>
        <translation>Läuft</translation>
    </message>
    <message>
        <source>Stopping</source>
        <translation>Hält an</translation>
    </message>
    <message>
        <source>Finished</source>
        <translation>Fertig</translation>
    </message>
    <message>
        <source>Stopped</source>
        <translation>Angehalten</translation>
    </message>
    <message>
        <source>Failed</source>
        <translation>Fehlgeschlagen</translation>
    </message>
    <message>
        <source>Broken off</source>
        <translation>Abgebrochen</translation>
    </message>
    <message>
        <source>just now</source>
        <translation>gerade eben</translation>
    </message>
    <message>
        <source>%1 min ago</source>
        <translation>vor %1 min</translation>
    </message>
    <message>
        <source>today %1</source>
        <translation>heute %1</translation>
    </message>
    <message>
        <source>yesterday %1</source>
        <translation>gestern %1</translation>
    </message>
    <message numerus="yes">
        <source>%n place(s) of its journal are damaged; what %1 told is missing here</source>
        <translation>
            <numerusform>%n Stelle seines Protokolls ist beschädigt; was %1 davon sagten, fehlt hier</numerusform>
            <numerusform>%n Stellen seines Protokolls sind beschädigt; was %1 davon sagten, fehlt hier</numerusform>
        </translation>
    </message>
    <message>
        <source>%1 are free again</source>
        <translation>%1 sind wieder frei</translation>
    </message>
    <message>
        <source>replicas</source>
        <translation>Kopien</translation>
    </message>
    <message>
        <source>tensor shards</source>
        <translation>Tensorteilen</translation>
    </message>
    <message>
        <source>stages</source>
        <translation>Stufen</translation>
    </message>
    <message>
        <source>%1 between %2</source>
        <translation>%1 zwischen %2</translation>
    </message>
    <message>
        <source>d MMM</source>
        <translation>d. MMM</translation>
    </message>
    <message>
        <source>d MMM yyyy</source>
        <translation>d. MMM yyyy</translation>
    </message>
</context>
<context>
    <name>TimelineWords</name>
    <message>
        <source>data</source>
        <translation>Daten</translation>
    </message>
    <message>
        <source>forward</source>
        <translation>vorwärts</translation>
    </message>
    <message>
        <source>backward</source>
        <translation>rückwärts</translation>
    </message>
    <message>
        <source>input gradient</source>
        <translation>Eingangsgradient</translation>
    </message>
    <message>
        <source>weight gradient</source>
        <translation>Gewichtsgradient</translation>
    </message>
    <message>
        <source>sending</source>
        <translation>Senden</translation>
    </message>
    <message>
        <source>waiting for a message</source>
        <translation>Warten auf eine Nachricht</translation>
    </message>
    <message>
        <source>exchange with replicas</source>
        <translation>Austausch mit Kopien</translation>
    </message>
    <message>
        <source>optimizer</source>
        <translation>Optimierer</translation>
    </message>
    <message>
        <source>evaluation</source>
        <translation>Auswertung</translation>
    </message>
    <message>
        <source>checkpoint</source>
        <translation>Sicherungspunkt</translation>
    </message>
    <message>
        <source>offloading</source>
        <translation>Auslagern</translation>
    </message>
    <message>
        <source>waiting for others</source>
        <translation>Warten auf andere</translation>
    </message>
    <message>
        <source>micro-batch %1</source>
        <translation>Mikrostapel %1</translation>
    </message>
    <message>
        <source>stage %1</source>
        <translation>Stufe %1</translation>
    </message>
    <message>
        <source>predicted</source>
        <translation>vorhergesagt</translation>
    </message>
    <message>
        <source>measured</source>
        <translation>gemessen</translation>
    </message>
    <message>
        <source>Rank %1</source>
        <translation>Rang %1</translation>
    </message>
    <message>
        <source>Communication waited for</source>
        <translation>Gewartet auf Kommunikation</translation>
    </message>
    <message>
        <source>%1 of %2, all ranks together</source>
        <translation>%1 von %2, alle Ränge zusammen</translation>
    </message>
    <message>
        <source>Step %1</source>
        <translation>Schritt %1</translation>
    </message>
    <message>
        <source>predicted %1</source>
        <translation>vorhergesagt %1</translation>
    </message>
    <message>
        <source>Bubbles</source>
        <translation>Leerlauf</translation>
    </message>
    <message>
        <source>nothing is predicted: the step is not whole</source>
        <translation>keine Vorhersage: der Schritt ist nicht ganz</translation>
    </message>
    <message>
        <source>Sent each step</source>
        <translation>Gesendet je Schritt</translation>
    </message>
    <message>
        <source>%1 of %2</source>
        <translation>%1 von %2</translation>
    </message>
    <message>
        <source>Rank %1, slow</source>
        <translation>Rang %1, langsam</translation>
    </message>
    <message>
        <source>step %1</source>
        <translation>Schritt %1</translation>
    </message>
    <message>
        <source>not told</source>
        <translation>nicht berichtet</translation>
    </message>
    <message>
        <source>measured, lane %1</source>
        <translation>gemessen, Spur %1</translation>
    </message>
    <message>
        <source>%1: bubbles %2</source>
        <translation>%1: Leerlauf %2</translation>
    </message>
</context>
<context>
    <name>athanor::app::ActionRegistry</name>
    <message>
        <source>There is no such action.</source>
        <translation>Diese Aktion gibt es nicht.</translation>
    </message>
    <message>
        <source>Go to the page “%1” first.</source>
        <translation>Gehen Sie zuerst zur Seite „%1“.</translation>
    </message>
</context>
<context>
    <name>athanor::app::AxisButton</name>
    <message>
        <source>Steps</source>
        <translation>Schritte</translation>
    </message>
    <message>
        <source>Samples seen</source>
        <translation>Gesehene Beispiele</translation>
    </message>
    <message>
        <source>Time since the start</source>
        <translation>Zeit seit dem Start</translation>
    </message>
    <message>
        <source>Wall clock</source>
        <translation>Uhrzeit</translation>
    </message>
    <message>
        <source>What the curves are drawn over</source>
        <translation>Worüber die Kurven gezeichnet sind</translation>
    </message>
    <message>
        <source>What the curves are drawn over (X)</source>
        <translation>Worüber die Kurven gezeichnet sind (X)</translation>
    </message>
    <message>
        <source>Over: %1</source>
        <translation>Über: %1</translation>
    </message>
</context>
<context>
    <name>athanor::app::CommandWords</name>
    <message>
        <source>--set needs a field and its value: train.steps=200</source>
        <translation>--set braucht ein Feld und seinen Wert: train.steps=200</translation>
    </message>
    <message>
        <source>--fork needs a step</source>
        <translation>--fork braucht einen Schritt</translation>
    </message>
    <message>
        <source>--from needs the folder of a run</source>
        <translation>--from braucht den Ordner eines Laufs</translation>
    </message>
    <message>
        <source>“%1” cannot be said here: only --set, --fork and --from</source>
        <translation>„%1“ kann hier nicht stehen: nur --set, --fork und --from</translation>
    </message>
    <message>
        <source>“%1” is one recipe too many</source>
        <translation>„%1“ ist ein Rezept zu viel</translation>
    </message>
    <message>
        <source>a quotation does not end</source>
        <translation>ein Anführungszeichen bleibt offen</translation>
    </message>
    <message>
        <source>it begins with: athanor-run train</source>
        <translation>er beginnt mit: athanor-run train</translation>
    </message>
    <message>
        <source>it names no recipe</source>
        <translation>er nennt kein Rezept</translation>
    </message>
</context>
<context>
    <name>athanor::app::CompareCurves</name>
    <message>
        <source>None of these runs has measured this</source>
        <translation>Keiner dieser Läufe hat das gemessen</translation>
    </message>
</context>
<context>
    <name>athanor::app::CompareList</name>
    <message>
        <source>Compared runs</source>
        <translation>Verglichene Läufe</translation>
    </message>
</context>
<context>
    <name>athanor::app::ComparePage</name>
    <message>
        <source>Compare</source>
        <translation>Vergleichen</translation>
    </message>
    <message>
        <source>Some pages of the history are damaged</source>
        <translation>Einige Seiten des Verlaufs sind beschädigt</translation>
    </message>
    <message>
        <source>Samples of %1 of run %2 from step %3 on are drawn from their summaries</source>
        <translation>Messwerte von %1 des Laufs %2 ab Schritt %3 sind aus ihren Zusammenfassungen gezeichnet</translation>
    </message>
    <message>
        <source>What they held was read from other pages; nothing is lost</source>
        <translation>Was auf ihnen stand, wurde von anderen Seiten gelesen; nichts ist verloren</translation>
    </message>
    <message>
        <source>Build the history again from the run directories: athanor-agent rebuild</source>
        <translation>Den Verlauf aus den Ordnern der Läufe neu aufbauen: athanor-agent rebuild</translation>
    </message>
    <message>
        <source>Nothing to compare yet</source>
        <translation>Noch nichts zu vergleichen</translation>
    </message>
    <message>
        <source>Select some runs in the table and press C: their curves are laid over each other here, with what their recipes differ in.</source>
        <translation>Wählen Sie in der Tabelle einige Läufe aus und drücken Sie C: Hier liegen dann ihre Kurven übereinander, und daneben steht, worin sich ihre Rezepte unterscheiden.</translation>
    </message>
    <message>
        <source>Choose runs</source>
        <translation>Läufe auswählen</translation>
    </message>
    <message>
        <source>Curves</source>
        <translation>Kurven</translation>
    </message>
    <message>
        <source>Differences</source>
        <translation>Unterschiede</translation>
    </message>
    <message>
        <source>Metrics…</source>
        <translation>Messwerte …</translation>
    </message>
    <message>
        <source>Choose which metrics are drawn (M)</source>
        <translation>Auswählen, welche Messwerte gezeichnet werden (M)</translation>
    </message>
    <message>
        <source>View: %1</source>
        <translation>Ansicht: %1</translation>
    </message>
    <message>
        <source>Open the selected compared run</source>
        <translation>Den ausgewählten verglichenen Lauf öffnen</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>Öffnen</translation>
    </message>
    <message>
        <source>Measure the others against the selected run, or no longer</source>
        <translation>Die anderen am ausgewählten Lauf messen oder nicht mehr</translation>
    </message>
    <message>
        <source>Baseline</source>
        <translation>Grundlinie</translation>
    </message>
    <message>
        <source>Hide or show the selected compared runs</source>
        <translation>Die ausgewählten verglichenen Läufe verbergen oder zeigen</translation>
    </message>
    <message>
        <source>Hide or show</source>
        <translation>Verbergen oder zeigen</translation>
    </message>
    <message>
        <source>Show the selected compared runs only, or all again</source>
        <translation>Nur die ausgewählten verglichenen Läufe zeigen oder wieder alle</translation>
    </message>
    <message>
        <source>Only these</source>
        <translation>Nur diese</translation>
    </message>
    <message>
        <source>Take the selected runs out of the comparison</source>
        <translation>Die ausgewählten Läufe aus dem Vergleich nehmen</translation>
    </message>
    <message>
        <source>Take out</source>
        <translation>Herausnehmen</translation>
    </message>
    <message>
        <source>Choose the metrics to compare</source>
        <translation>Die verglichenen Messwerte auswählen</translation>
    </message>
    <message>
        <source>Draw the compared curves over the next thing: steps, samples, time</source>
        <translation>Die verglichenen Kurven über das Nächste zeichnen: Schritte, Beispiele, Zeit</translation>
    </message>
    <message>
        <source>Show the whole of the compared curves</source>
        <translation>Die verglichenen Kurven ganz zeigen</translation>
    </message>
    <message>
        <source>Go to the next view of the comparison</source>
        <translation>Zur nächsten Ansicht des Vergleichs</translation>
    </message>
    <message>
        <source>Copy the table of differences</source>
        <translation>Die Tabelle der Unterschiede kopieren</translation>
    </message>
    <message>
        <source>Select a run in the list first.</source>
        <translation>Wählen Sie erst einen Lauf in der Liste aus.</translation>
    </message>
    <message>
        <source>There is nothing to compare yet.</source>
        <translation>Es gibt noch nichts zu vergleichen.</translation>
    </message>
    <message numerus="yes">
        <source>%n run(s)</source>
        <translation>
            <numerusform>%n Lauf</numerusform>
            <numerusform>%n Läufe</numerusform>
        </translation>
    </message>
    <message>
        <source>%1 of %2 runs</source>
        <translation>%1 von %2 Läufen</translation>
    </message>
    <message>
        <source>Relations</source>
        <translation>Zusammenhänge</translation>
    </message>
    <message>
        <source>Pictures</source>
        <translation>Bilder</translation>
    </message>
    <message>
        <source>Lineage</source>
        <translation>Abstammung</translation>
    </message>
</context>
<context>
    <name>athanor::app::ComparePictures</name>
    <message>
        <source>What</source>
        <translation>Was</translation>
    </message>
    <message>
        <source>Run whose answers are shown</source>
        <translation>Lauf, dessen Antworten gezeigt werden</translation>
    </message>
    <message>
        <source>finds, against</source>
        <translation>findet, gegen</translation>
    </message>
    <message>
        <source>Run it is compared with</source>
        <translation>Lauf, mit dem er verglichen wird</translation>
    </message>
    <message>
        <source>This run has not answered probe queries.</source>
        <translation>Dieser Lauf hat keine Probeanfragen beantwortet.</translation>
    </message>
</context>
<context>
    <name>athanor::app::CompareRelations</name>
    <message>
        <source>What explains</source>
        <translation>Was erklärt</translation>
    </message>
    <message>
        <source>Metric to be explained</source>
        <translation>Messwert, der erklärt werden soll</translation>
    </message>
    <message>
        <source>What matters most</source>
        <translation>Was am meisten zählt</translation>
    </message>
    <message>
        <source>At least three runs that differ in a field and have the metric are needed.</source>
        <translation>Es braucht mindestens drei Läufe, die sich in einem Feld unterscheiden und den Messwert haben.</translation>
    </message>
    <message numerus="yes">
        <source>By rank, over %n shown run(s)</source>
        <translation>
            <numerusform>Nach Rang, über %n gezeigten Lauf</numerusform>
            <numerusform>Nach Rang, über %n gezeigte Läufe</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>athanor::app::CompareTable</name>
    <message>
        <source>Search fields and values</source>
        <translation>Felder und Werte durchsuchen</translation>
    </message>
    <message>
        <source>Also what is the same</source>
        <translation>Auch Gleiches</translation>
    </message>
    <message>
        <source>Differences of the compared runs</source>
        <translation>Unterschiede der verglichenen Läufe</translation>
    </message>
</context>
<context>
    <name>athanor::app::ComparedRunModel</name>
    <message>
        <source>%1: the others are measured against it</source>
        <translation>%1: Die anderen werden daran gemessen</translation>
    </message>
    <message>
        <source>baseline</source>
        <translation>Grundlinie</translation>
    </message>
    <message>
        <source>Run</source>
        <translation>Lauf</translation>
    </message>
    <message>
        <source>Value</source>
        <translation>Wert</translation>
    </message>
    <message>
        <source>Difference from the baseline</source>
        <translation>Unterschied zur Grundlinie</translation>
    </message>
    <message>
        <source>Difference</source>
        <translation>Unterschied</translation>
    </message>
</context>
<context>
    <name>athanor::app::DifferencesPanel</name>
    <message>
        <source>End the comparison</source>
        <translation>Den Vergleich beenden</translation>
    </message>
    <message>
        <source>Nothing: all fields are the same.</source>
        <translation>Nichts: Alle Felder sind gleich.</translation>
    </message>
    <message>
        <source>Differs from %1</source>
        <translation>Unterscheidet sich von %1</translation>
    </message>
    <message>
        <source>Go to the field %1</source>
        <translation>Zum Feld %1 gehen</translation>
    </message>
    <message>
        <source>%1: take %2 over</source>
        <translation>%1: %2 übernehmen</translation>
    </message>
    <message>
        <source>Take %1 over</source>
        <translation>%1 übernehmen</translation>
    </message>
</context>
<context>
    <name>athanor::app::EventsCard</name>
    <message>
        <source>What happened</source>
        <translation>Was geschah</translation>
    </message>
    <message>
        <source>Time</source>
        <translation>Zeit</translation>
    </message>
    <message>
        <source>Step</source>
        <translation>Schritt</translation>
    </message>
    <message>
        <source>Event</source>
        <translation>Ereignis</translation>
    </message>
    <message>
        <source>What happened in the run</source>
        <translation>Was in dem Lauf geschah</translation>
    </message>
</context>
<context>
    <name>athanor::app::ExperimentController</name>
    <message>
        <source>It is being launched.</source>
        <translation>Es wird gerade gestartet.</translation>
    </message>
    <message numerus="yes">
        <source>(and %n more)</source>
        <translation>
            <numerusform>(und %n weiterer)</numerusform>
            <numerusform>(und %n weitere)</numerusform>
        </translation>
    </message>
    <message>
        <source>the defaults</source>
        <translation>den Vorgaben</translation>
    </message>
    <message>
        <source>run “%1”</source>
        <translation>Lauf „%1“</translation>
    </message>
    <message>
        <source>Run %1 has no checkpoint left to fork it at.</source>
        <translation>Lauf %1 hat keinen Sicherungspunkt mehr, von dem abgezweigt werden kann.</translation>
    </message>
    <message>
        <source>choose the run to fork on the page of runs first</source>
        <translation>wählen Sie den Lauf, von dem abgezweigt wird, erst auf der Seite der Läufe aus</translation>
    </message>
    <message>
        <source>what was set up before</source>
        <translation>dem, was zuvor eingerichtet war</translation>
    </message>
    <message>
        <source>--from names another folder than that of the run that is forked: choose that on the page of runs</source>
        <translation>--from nennt einen anderen Ordner als den des Laufs, von dem abgezweigt wird: wählen Sie diesen auf der Seite der Läufe</translation>
    </message>
</context>
<context>
    <name>athanor::app::ExperimentPage</name>
    <message>
        <source>New experiment</source>
        <translation>Neues Experiment</translation>
    </message>
    <message>
        <source>Start from…</source>
        <translation>Ausgehen von …</translation>
    </message>
    <message>
        <source>Form</source>
        <translation>Formular</translation>
    </message>
    <message>
        <source>Recipe text</source>
        <translation>Rezepttext</translation>
    </message>
    <message>
        <source>Form or recipe text</source>
        <translation>Formular oder Rezepttext</translation>
    </message>
    <message>
        <source>Launch the experiment</source>
        <translation>Das Experiment starten</translation>
    </message>
    <message>
        <source>Launch</source>
        <translation>Starten</translation>
    </message>
    <message>
        <source>Search the fields</source>
        <translation>Die Felder durchsuchen</translation>
    </message>
    <message>
        <source>Switch between form and recipe text</source>
        <translation>Zwischen Formular und Rezepttext wechseln</translation>
    </message>
    <message>
        <source>Start from a recipe file</source>
        <translation>Von einer Rezeptdatei ausgehen</translation>
    </message>
    <message>
        <source>Start from the defaults</source>
        <translation>Von den Vorgaben ausgehen</translation>
    </message>
    <message>
        <source>Copy the command</source>
        <translation>Den Befehl kopieren</translation>
    </message>
    <message>
        <source>The same from a terminal</source>
        <translation>Dasselbe im Terminal</translation>
    </message>
    <message>
        <source>Command that does the same</source>
        <translation>Befehl, der dasselbe tut</translation>
    </message>
    <message>
        <source>%1 to %2</source>
        <translation>%1 bis %2</translation>
    </message>
    <message numerus="yes">
        <source>Recipe text (%n fault(s))</source>
        <translation>
            <numerusform>Rezepttext (%n Fehler)</numerusform>
            <numerusform>Rezepttext (%n Fehler)</numerusform>
        </translation>
    </message>
    <message>
        <source>starts from %1</source>
        <translation>geht aus von %1</translation>
    </message>
    <message>
        <source>Recipes</source>
        <translation>Rezepte</translation>
    </message>
    <message>
        <source>Runs</source>
        <translation>Läufe</translation>
    </message>
    <message>
        <source>Start from a recipe</source>
        <translation>Von einem Rezept ausgehen</translation>
    </message>
    <message>
        <source>Recipes (*.toml)</source>
        <translation>Rezepte (*.toml)</translation>
    </message>
    <message>
        <source>Fork from the checkpoint at</source>
        <translation>Abzweigen vom Sicherungspunkt bei</translation>
    </message>
    <message>
        <source>step %1</source>
        <translation>Schritt %1</translation>
    </message>
    <message>
        <source>Forks run %1 at</source>
        <translation>Zweigt von Lauf %1 ab bei</translation>
    </message>
    <message>
        <source>Step of the fork: %1</source>
        <translation>Schritt der Abzweigung: %1</translation>
    </message>
    <message>
        <source>No checkpoint of it is left.</source>
        <translation>Es ist kein Sicherungspunkt von ihm übrig.</translation>
    </message>
    <message>
        <source>The checkpoint at step %1 is gone. The nearest that is left was chosen instead.</source>
        <translation>Den Sicherungspunkt bei Schritt %1 gibt es nicht mehr. Stattdessen wurde der nächste gewählt, der übrig ist.</translation>
    </message>
    <message>
        <source>Find the quickest layouts</source>
        <translation>Schnellste Anordnungen suchen</translation>
    </message>
    <message>
        <source>The recipe has faults.</source>
        <translation>Das Rezept hat Fehler.</translation>
    </message>
    <message>
        <source>They are being looked for.</source>
        <translation>Sie werden gerade gesucht.</translation>
    </message>
    <message>
        <source>Compare with…</source>
        <translation>Vergleichen mit …</translation>
    </message>
    <message>
        <source>Nothing any more</source>
        <translation>Mit nichts mehr</translation>
    </message>
</context>
<context>
    <name>athanor::app::FaultMenu</name>
    <message>
        <source>Live</source>
        <translation>Live</translation>
    </message>
    <message>
        <source>Let a rank of this run suffer a fault</source>
        <translation>Einen Rang dieses Laufs einen Fehler erleiden lassen</translation>
    </message>
    <message>
        <source>Fault…</source>
        <translation>Fehler …</translation>
    </message>
    <message>
        <source>No run is open.</source>
        <translation>Kein Lauf ist offen.</translation>
    </message>
    <message>
        <source>It has not told of a step on several ranks.</source>
        <translation>Er hat noch von keinem Schritt auf mehreren Rängen erzählt.</translation>
    </message>
    <message>
        <source>Rank %1</source>
        <translation>Rang %1</translation>
    </message>
    <message>
        <source>The rank is replaced</source>
        <translation>Der Rang wird ersetzt</translation>
    </message>
    <message>
        <source>Kill</source>
        <translation>Töten</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>Anhalten</translation>
    </message>
    <message>
        <source>Hang in the forward pass</source>
        <translation>Im Vorwärtsdurchgang hängen</translation>
    </message>
    <message>
        <source>Hang while waiting for data</source>
        <translation>Beim Warten auf Daten hängen</translation>
    </message>
    <message>
        <source>All meet again</source>
        <translation>Alle finden sich neu</translation>
    </message>
    <message>
        <source>Damage a message</source>
        <translation>Eine Nachricht beschädigen</translation>
    </message>
    <message>
        <source>Send a wrong size</source>
        <translation>Eine falsche Größe senden</translation>
    </message>
    <message>
        <source>Call something else than the others</source>
        <translation>Etwas anderes aufrufen als die anderen</translation>
    </message>
    <message>
        <source>The run goes on, more slowly</source>
        <translation>Der Lauf geht langsamer weiter</translation>
    </message>
    <message>
        <source>Pause for half a second</source>
        <translation>Eine halbe Sekunde pausieren</translation>
    </message>
    <message>
        <source>Take three times as long for %1 steps</source>
        <translation>%1 Schritte lang dreimal so lange brauchen</translation>
    </message>
    <message>
        <source>The run ends and can be resumed</source>
        <translation>Der Lauf endet und kann fortgesetzt werden</translation>
    </message>
    <message>
        <source>Run out of memory</source>
        <translation>Keinen Speicher mehr haben</translation>
    </message>
    <message>
        <source>Find the disk full</source>
        <translation>Die Platte voll vorfinden</translation>
    </message>
    <message>
        <source>All ranks met again, and the run %1</source>
        <translation>Alle Ränge fanden sich neu, und der Lauf %1</translation>
    </message>
    <message>
        <source>Rank %1 was lost, and the run %2</source>
        <translation>Rang %1 ging verloren, und der Lauf %2</translation>
    </message>
</context>
<context>
    <name>athanor::app::FileActions</name>
    <message>
        <source>Runs</source>
        <translation>Läufe</translation>
    </message>
    <message>
        <source>Import runs of TensorBoard, MLflow or W&amp;B from a folder</source>
        <translation>Läufe von TensorBoard, MLflow oder W&amp;B aus einem Ordner importieren</translation>
    </message>
    <message>
        <source>Import runs…</source>
        <translation>Läufe importieren…</translation>
    </message>
    <message>
        <source>Import runs from files of TensorBoard, MLflow or W&amp;B, or from CSV</source>
        <translation>Läufe aus Dateien von TensorBoard, MLflow oder W&amp;B oder aus CSV importieren</translation>
    </message>
    <message>
        <source>Import files…</source>
        <translation>Dateien importieren…</translation>
    </message>
    <message>
        <source>Export the selected runs as CSV, JSON or a page to read</source>
        <translation>Die gewählten Läufe als CSV, JSON oder als Seite zum Lesen exportieren</translation>
    </message>
    <message>
        <source>Export…</source>
        <translation>Exportieren…</translation>
    </message>
    <message>
        <source>Select a run first.</source>
        <translation>Wählen Sie zuerst einen Lauf.</translation>
    </message>
    <message>
        <source>Import runs from a folder</source>
        <translation>Läufe aus einem Ordner importieren</translation>
    </message>
    <message>
        <source>Import runs from files</source>
        <translation>Läufe aus Dateien importieren</translation>
    </message>
    <message>
        <source>Runs (*tfevents* *.db *.sqlite *.wandb *.csv *.tsv)</source>
        <translation>Läufe (*tfevents* *.db *.sqlite *.wandb *.csv *.tsv)</translation>
    </message>
    <message>
        <source>All files (*)</source>
        <translation>Alle Dateien (*)</translation>
    </message>
    <message>
        <source>Export the selected runs</source>
        <translation>Die gewählten Läufe exportieren</translation>
    </message>
    <message>
        <source>A page to read (*.html)</source>
        <translation>Eine Seite zum Lesen (*.html)</translation>
    </message>
    <message>
        <source>Tables (*.csv)</source>
        <translation>Tabellen (*.csv)</translation>
    </message>
    <message>
        <source>Everything (*.json)</source>
        <translation>Alles (*.json)</translation>
    </message>
</context>
<context>
    <name>athanor::app::FindSheet</name>
    <message>
        <source>name</source>
        <translation>Name</translation>
    </message>
    <message>
        <source>tags</source>
        <translation>Schlagwörter</translation>
    </message>
    <message>
        <source>note</source>
        <translation>Notiz</translation>
    </message>
    <message>
        <source>model</source>
        <translation>Modell</translation>
    </message>
    <message>
        <source>cause of its end</source>
        <translation>Grund des Endes</translation>
    </message>
    <message>
        <source>recipe</source>
        <translation>Rezept</translation>
    </message>
    <message>
        <source>log</source>
        <translation>Protokoll</translation>
    </message>
    <message>
        <source>Find in everything</source>
        <translation>In allem suchen</translation>
    </message>
    <message>
        <source>Find in names, tags, notes, recipes and logs</source>
        <translation>In Namen, Schlagwörtern, Notizen, Rezepten und Protokollen suchen</translation>
    </message>
    <message>
        <source>Places found</source>
        <translation>Gefundene Stellen</translation>
    </message>
    <message>
        <source>The last word may be the beginning of one.</source>
        <translation>Das letzte Wort darf der Anfang eines Wortes sein.</translation>
    </message>
    <message>
        <source>No. %1</source>
        <translation>Nr. %1</translation>
    </message>
    <message>
        <source>Nothing was found for “%1”.</source>
        <translation>Zu „%1“ wurde nichts gefunden.</translation>
    </message>
    <message numerus="yes">
        <source>%n place(s)</source>
        <translation>
            <numerusform>%n Stelle</numerusform>
            <numerusform>%n Stellen</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>athanor::app::HistoryController</name>
    <message>
        <source>Deleted “%1”</source>
        <translation>„%1“ gelöscht</translation>
    </message>
    <message numerus="yes">
        <source>Deleted %n run(s)</source>
        <translation>
            <numerusform>%n Lauf gelöscht</numerusform>
            <numerusform>%n Läufe gelöscht</numerusform>
        </translation>
    </message>
    <message>
        <source>Undone: %1</source>
        <translation>Zurückgenommen: %1</translation>
    </message>
    <message>
        <source>Done again: %1</source>
        <translation>Wieder getan: %1</translation>
    </message>
    <message numerus="yes">
        <source>Restored %n run(s)</source>
        <translation>
            <numerusform>%n Lauf wiederhergestellt</numerusform>
            <numerusform>%n Läufe wiederhergestellt</numerusform>
        </translation>
    </message>
    <message>
        <source>Restored “%1”</source>
        <translation>„%1“ wiederhergestellt</translation>
    </message>
    <message numerus="yes">
        <source>Deleted %n run(s) for ever</source>
        <translation>
            <numerusform>%n Lauf endgültig gelöscht</numerusform>
            <numerusform>%n Läufe endgültig gelöscht</numerusform>
        </translation>
    </message>
    <message>
        <source>Deleted “%1” for ever</source>
        <translation>„%1“ endgültig gelöscht</translation>
    </message>
    <message>
        <source>Asked run %1 to suffer “%2”</source>
        <translation>Lauf %1 gebeten, „%2“ zu erleiden</translation>
    </message>
</context>
<context>
    <name>athanor::app::LayoutFinder</name>
    <message>
        <source>Layouts need %1, which could not be started.</source>
        <translation>Anordnungen brauchen %1, das sich nicht starten ließ.</translation>
    </message>
    <message>
        <source>No layout fits into the memory of this machine.</source>
        <translation>Keine Anordnung passt in den Speicher dieses Rechners.</translation>
    </message>
    <message>
        <source>The search ended unexpectedly.</source>
        <translation>Die Suche endete unerwartet.</translation>
    </message>
</context>
<context>
    <name>athanor::app::LayoutsPanel</name>
    <message>
        <source>Share the work</source>
        <translation>Arbeit aufteilen</translation>
    </message>
    <message>
        <source>Looking at the layouts that this machine has ranks for…</source>
        <translation>Anordnungen werden geprüft, für die dieser Rechner Ränge hat…</translation>
    </message>
    <message>
        <source>How ranks of this machine could share the work, by predicted time.</source>
        <translation>Wie Ränge dieses Rechners die Arbeit teilen könnten, nach vorhergesagter Zeit.</translation>
    </message>
    <message>
        <source>Predicted from measured operations; choose one to set it in the form.</source>
        <translation>Aus gemessenen Operationen vorhergesagt; eine wählen, um sie ins Formular zu übernehmen.</translation>
    </message>
    <message>
        <source>%1 a step</source>
        <translation>%1 je Schritt</translation>
    </message>
    <message>
        <source>%1 · as it is</source>
        <translation>%1 · wie jetzt</translation>
    </message>
    <message numerus="yes">
        <source>%n rank(s), %1 of memory in all</source>
        <translation>
            <numerusform>%n Rang, insgesamt %1 Speicher</numerusform>
            <numerusform>%n Ränge, insgesamt %1 Speicher</numerusform>
        </translation>
    </message>
    <message>
        <source>%1 sent a step</source>
        <translation>%1 je Schritt gesendet</translation>
    </message>
    <message>
        <source>%1 bubble, simulated</source>
        <translation>%1 Leerlauf, simuliert</translation>
    </message>
</context>
<context>
    <name>athanor::app::LivePage</name>
    <message>
        <source>Live</source>
        <translation>Live</translation>
    </message>
    <message>
        <source>No run is open</source>
        <translation>Kein Lauf ist geöffnet</translation>
    </message>
    <message>
        <source>Open a run from the history, or launch a new one, to watch its curves, its answers and its log here.</source>
        <translation>Öffnen Sie einen Lauf aus dem Verlauf oder starten Sie einen neuen, um hier seine Kurven, seine Antworten und sein Protokoll zu sehen.</translation>
    </message>
    <message>
        <source>Set up an experiment</source>
        <translation>Ein Experiment aufsetzen</translation>
    </message>
    <message>
        <source>Stop this run, with a checkpoint</source>
        <translation>Diesen Lauf mit einem Sicherungspunkt anhalten</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>Anhalten</translation>
    </message>
    <message>
        <source>Resume this run</source>
        <translation>Diesen Lauf fortsetzen</translation>
    </message>
    <message>
        <source>Resume</source>
        <translation>Fortsetzen</translation>
    </message>
    <message>
        <source>Fork this run from a checkpoint</source>
        <translation>Von einem Sicherungspunkt dieses Laufs abzweigen</translation>
    </message>
    <message>
        <source>Fork…</source>
        <translation>Abzweigen …</translation>
    </message>
    <message>
        <source>Set up a new experiment like this run</source>
        <translation>Ein neues Experiment wie diesen Lauf aufsetzen</translation>
    </message>
    <message>
        <source>New from this</source>
        <translation>Neu daraus</translation>
    </message>
    <message>
        <source>Show the whole run in every plot</source>
        <translation>In jedem Diagramm den ganzen Lauf zeigen</translation>
    </message>
    <message>
        <source>Progress of the run</source>
        <translation>Fortschritt des Laufs</translation>
    </message>
    <message>
        <source>Smoothing</source>
        <translation>Glättung</translation>
    </message>
    <message>
        <source>Smoothing of the training curves</source>
        <translation>Glättung der Trainingskurven</translation>
    </message>
    <message>
        <source>What it finds</source>
        <translation>Was es findet</translation>
    </message>
    <message>
        <source>Log</source>
        <translation>Protokoll</translation>
    </message>
    <message>
        <source>No run is open.</source>
        <translation>Kein Lauf ist geöffnet.</translation>
    </message>
    <message>
        <source>The run has no checkpoint yet.</source>
        <translation>Der Lauf hat noch keinen Sicherungspunkt.</translation>
    </message>
    <message>
        <source>Fork from the checkpoint at</source>
        <translation>Abzweigen vom Sicherungspunkt bei</translation>
    </message>
    <message>
        <source>step %1</source>
        <translation>Schritt %1</translation>
    </message>
    <message>
        <source>Some of this run is lost</source>
        <translation>Ein Teil dieses Laufs ist verloren</translation>
    </message>
    <message>
        <source>%1. %2</source>
        <translation>%1. %2</translation>
    </message>
    <message>
        <source>Nothing was measured</source>
        <translation>Es wurde nichts gemessen</translation>
    </message>
    <message>
        <source>The run was over before its first step. What it said is kept below.</source>
        <translation>Der Lauf war vor seinem ersten Schritt zu Ende. Was er gesagt hat, steht unten.</translation>
    </message>
    <message>
        <source>Start this run again</source>
        <translation>Diesen Lauf noch einmal starten</translation>
    </message>
    <message>
        <source>Start again</source>
        <translation>Noch einmal</translation>
    </message>
    <message>
        <source>The first evaluation brings the probe queries and their best answers here.</source>
        <translation>Die erste Auswertung bringt die Probefragen und ihre besten Antworten hierher.</translation>
    </message>
    <message>
        <source>The run was over before its first evaluation.</source>
        <translation>Der Lauf war vor seiner ersten Auswertung zu Ende.</translation>
    </message>
    <message>
        <source>No. %1</source>
        <translation>Nr. %1</translation>
    </message>
    <message>
        <source>Draw the curves over the next thing: steps, samples, time</source>
        <translation>Die Kurven über das Nächste zeichnen: Schritte, Beispiele, Zeit</translation>
    </message>
</context>
<context>
    <name>athanor::app::LivePlots</name>
    <message>
        <source>Nothing was measured</source>
        <translation>Es wurde nichts gemessen</translation>
    </message>
</context>
<context>
    <name>athanor::app::MainWindow</name>
    <message>
        <source>Alert of run %1</source>
        <translation>Warnung zu Lauf %1</translation>
    </message>
    <message>
        <source>There is nothing to undo.</source>
        <translation>Es gibt nichts zurückzunehmen.</translation>
    </message>
    <message>
        <source>There is nothing to do again.</source>
        <translation>Es gibt nichts wieder zu tun.</translation>
    </message>
    <message>
        <source>Settings cannot be kept</source>
        <translation>Die Einstellungen können nicht behalten werden</translation>
    </message>
    <message>
        <source>The folder of Athanor is read-only</source>
        <translation>Der Ordner von Athanor ist schreibgeschützt</translation>
    </message>
    <message>
        <source>Make it writable, or set ATHANOR_HOME to another folder</source>
        <translation>Machen Sie ihn beschreibbar oder setzen Sie ATHANOR_HOME auf einen anderen Ordner</translation>
    </message>
    <message>
        <source>Runs</source>
        <translation>Läufe</translation>
    </message>
    <message>
        <source>New experiment</source>
        <translation>Neues Experiment</translation>
    </message>
    <message>
        <source>Live</source>
        <translation>Live</translation>
    </message>
    <message>
        <source>Preferences</source>
        <translation>Einstellungen</translation>
    </message>
    <message>
        <source>Window</source>
        <translation>Fenster</translation>
    </message>
    <message>
        <source>Go to the runs</source>
        <translation>Zu den Läufen</translation>
    </message>
    <message>
        <source>Go to New experiment</source>
        <translation>Zu „Neues Experiment“</translation>
    </message>
    <message>
        <source>Go to Live</source>
        <translation>Zu „Live“</translation>
    </message>
    <message>
        <source>Go to Preferences</source>
        <translation>Zu den Einstellungen</translation>
    </message>
    <message>
        <source>Find a command</source>
        <translation>Einen Befehl finden</translation>
    </message>
    <message>
        <source>Show the keyboard shortcuts</source>
        <translation>Die Tastenkürzel zeigen</translation>
    </message>
    <message>
        <source>Undo the last edit of the history</source>
        <translation>Die letzte Änderung am Verlauf zurücknehmen</translation>
    </message>
    <message>
        <source>Do the undone edit again</source>
        <translation>Die zurückgenommene Änderung wieder tun</translation>
    </message>
    <message>
        <source>Light look</source>
        <translation>Helles Aussehen</translation>
    </message>
    <message>
        <source>Dark look</source>
        <translation>Dunkles Aussehen</translation>
    </message>
    <message>
        <source>Look as the system says</source>
        <translation>Aussehen, wie das System es sagt</translation>
    </message>
    <message>
        <source>Switch between light and dark</source>
        <translation>Zwischen hell und dunkel wechseln</translation>
    </message>
    <message>
        <source>Restore the default layout</source>
        <translation>Die ursprüngliche Anordnung wiederherstellen</translation>
    </message>
    <message>
        <source>The default layout is back at the next start</source>
        <translation>Beim nächsten Start ist die ursprüngliche Anordnung zurück</translation>
    </message>
    <message>
        <source>Close the window; runs go on</source>
        <translation>Das Fenster schließen; Läufe gehen weiter</translation>
    </message>
    <message>
        <source>Commands</source>
        <translation>Befehle</translation>
    </message>
    <message>
        <source>Light or dark</source>
        <translation>Hell oder dunkel</translation>
    </message>
    <message>
        <source>Shortcuts</source>
        <translation>Tastenkürzel</translation>
    </message>
    <message>
        <source>Everything</source>
        <translation>Alles</translation>
    </message>
    <message>
        <source>History</source>
        <translation>Verlauf</translation>
    </message>
    <message>
        <source>Data sets</source>
        <translation>Datensätze</translation>
    </message>
    <message>
        <source>The run cannot be forked</source>
        <translation>Von dem Lauf kann nicht abgezweigt werden</translation>
    </message>
    <message>
        <source>It has no checkpoint</source>
        <translation>Er hat keinen Sicherungspunkt</translation>
    </message>
    <message>
        <source>Start a new experiment from its recipe instead</source>
        <translation>Setzen Sie stattdessen ein neues Experiment aus seinem Rezept auf</translation>
    </message>
    <message>
        <source>%1 – Athanor</source>
        <translation>%1 – Athanor</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>Zurücknehmen</translation>
    </message>
    <message>
        <source>Compare</source>
        <translation>Vergleichen</translation>
    </message>
    <message>
        <source>Go to Compare</source>
        <translation>Zum Vergleichen gehen</translation>
    </message>
    <message>
        <source>Find in names, tags, notes, recipes and logs</source>
        <translation>In Namen, Schlagwörtern, Notizen, Rezepten und Protokollen suchen</translation>
    </message>
    <message>
        <source>Undo the last change of the setup</source>
        <translation>Die letzte Änderung der Einrichtung rückgängig machen</translation>
    </message>
    <message>
        <source>High-contrast look</source>
        <translation>Aussehen mit hohem Kontrast</translation>
    </message>
</context>
<context>
    <name>athanor::app::MetricChooser</name>
    <message>
        <source>Search the metrics</source>
        <translation>Messwerte durchsuchen</translation>
    </message>
    <message>
        <source>Metrics</source>
        <translation>Messwerte</translation>
    </message>
    <message>
        <source>%1 of %2 runs</source>
        <translation>%1 von %2 Läufen</translation>
    </message>
</context>
<context>
    <name>athanor::app::MetricWords</name>
    <message>
        <source>Training loss</source>
        <translation>Trainingsverlust</translation>
    </message>
    <message>
        <source>Evaluation loss</source>
        <translation>Auswertungsverlust</translation>
    </message>
    <message>
        <source>Text to picture, R@1</source>
        <translation>Text zu Bild, R@1</translation>
    </message>
    <message>
        <source>Text to picture, R@10</source>
        <translation>Text zu Bild, R@10</translation>
    </message>
    <message>
        <source>Picture to text, R@1</source>
        <translation>Bild zu Text, R@1</translation>
    </message>
    <message>
        <source>Picture to text, R@10</source>
        <translation>Bild zu Text, R@10</translation>
    </message>
    <message>
        <source>Learning rate</source>
        <translation>Lernrate</translation>
    </message>
    <message>
        <source>Gradient norm</source>
        <translation>Gradientennorm</translation>
    </message>
    <message>
        <source>Temperature</source>
        <translation>Temperatur</translation>
    </message>
    <message>
        <source>Throughput</source>
        <translation>Durchsatz</translation>
    </message>
    <message>
        <source>samples/s</source>
        <translation>Beispiele/s</translation>
    </message>
    <message>
        <source>Time of a step</source>
        <translation>Zeit eines Schritts</translation>
    </message>
    <message>
        <source>Loss scale</source>
        <translation>Verlustskala</translation>
    </message>
    <message>
        <source>Products in FP8</source>
        <translation>Produkte in FP8</translation>
    </message>
    <message>
        <source>Updates lost in rounding</source>
        <translation>Beim Runden verlorene Änderungen</translation>
    </message>
    <message>
        <source>%1 pt</source>
        <translation>%1 Pp</translation>
    </message>
    <message>
        <source>on</source>
        <translation>an</translation>
    </message>
    <message>
        <source>off</source>
        <translation>aus</translation>
    </message>
</context>
<context>
    <name>athanor::app::PlanCheckCard</name>
    <message>
        <source>Plan against fact</source>
        <translation>Plan und Wirklichkeit</translation>
    </message>
    <message>
        <source>Quantity</source>
        <translation>Größe</translation>
    </message>
    <message>
        <source>Planned</source>
        <translation>Geplant</translation>
    </message>
    <message>
        <source>Measured</source>
        <translation>Gemessen</translation>
    </message>
    <message>
        <source>Off by</source>
        <translation>Abweichung</translation>
    </message>
    <message>
        <source>After ten steps the run holds its plan against what was measured.</source>
        <translation>Nach zehn Schritten prüft der Lauf seinen Plan an dem, was gemessen wurde.</translation>
    </message>
    <message>
        <source>The run was over before its plan was held against what was measured.</source>
        <translation>Der Lauf war zu Ende, bevor sein Plan an den Messungen geprüft wurde.</translation>
    </message>
</context>
<context>
    <name>athanor::app::PlanPanel</name>
    <message>
        <source>What it will cost</source>
        <translation>Was es kosten wird</translation>
    </message>
    <message>
        <source>planning</source>
        <translation>plant</translation>
    </message>
    <message>
        <source>Memory by use</source>
        <translation>Speicher nach Verwendung</translation>
    </message>
    <message>
        <source>The plan appears when nothing is wrong in the recipe.</source>
        <translation>Der Plan erscheint, sobald im Rezept nichts mehr falsch ist.</translation>
    </message>
    <message>
        <source>Working it out…</source>
        <translation>Wird ausgerechnet …</translation>
    </message>
    <message>
        <source>to finish %1 steps, with evaluations and checkpoints</source>
        <translation>bis zum Ende von %1 Schritten, mit Auswertungen und Sicherungspunkten</translation>
    </message>
    <message>
        <source>Memory: %1 of %2</source>
        <translation>Speicher: %1 von %2</translation>
    </message>
    <message>
        <source>Memory: %1</source>
        <translation>Speicher: %1</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>Modell</translation>
    </message>
    <message>
        <source>Parameters</source>
        <translation>Parameter</translation>
    </message>
    <message>
        <source>Pace</source>
        <translation>Tempo</translation>
    </message>
    <message>
        <source>%1 steps/s</source>
        <translation>%1 Schritte/s</translation>
    </message>
    <message>
        <source>Throughput</source>
        <translation>Durchsatz</translation>
    </message>
    <message>
        <source>samples/s</source>
        <translation>Proben/s</translation>
    </message>
    <message>
        <source>Work per step</source>
        <translation>Arbeit je Schritt</translation>
    </message>
    <message>
        <source>%1FLOP</source>
        <translation>%1FLOP</translation>
    </message>
    <message>
        <source>Checkpoint</source>
        <translation>Sicherungspunkt</translation>
    </message>
    <message>
        <source>Device</source>
        <translation>Gerät</translation>
    </message>
    <message>
        <source>Rank %1: %2, sends %3 a step</source>
        <translation>Rang %1: %2, sendet %3 je Schritt</translation>
    </message>
    <message>
        <source>Ranks</source>
        <translation>Ränge</translation>
    </message>
    <message>
        <source>%1, %2 in all</source>
        <translation>%1, insgesamt %2</translation>
    </message>
    <message>
        <source>Sent per step</source>
        <translation>Gesendet je Schritt</translation>
    </message>
    <message>
        <source>Schedule</source>
        <translation>Ablauf</translation>
    </message>
    <message>
        <source>%1, %2 bubble (simulated)</source>
        <translation>%1, %2 Leerlauf (simuliert)</translation>
    </message>
    <message>
        <source>Planned schedule of a step</source>
        <translation>Geplanter Ablauf eines Schritts</translation>
    </message>
    <message>
        <source>A step of %1: %2 of the ranks&apos; time is a bubble</source>
        <translation>Ein Schritt von %1: %2 der Zeit der Ränge ist Leerlauf</translation>
    </message>
</context>
<context>
    <name>athanor::app::Planner</name>
    <message>
        <source>The plan needs %1, which could not be started.</source>
        <translation>Der Plan braucht %1; das ließ sich nicht starten.</translation>
    </message>
    <message>
        <source>The plan ended unexpectedly.</source>
        <translation>Der Plan endete unerwartet.</translation>
    </message>
</context>
<context>
    <name>athanor::app::PreferencesPage</name>
    <message>
        <source>Preferences</source>
        <translation>Einstellungen</translation>
    </message>
    <message>
        <source>Look</source>
        <translation>Aussehen</translation>
    </message>
    <message>
        <source>Colours</source>
        <translation>Farben</translation>
    </message>
    <message>
        <source>as the system says</source>
        <translation>wie das System es sagt</translation>
    </message>
    <message>
        <source>light</source>
        <translation>hell</translation>
    </message>
    <message>
        <source>dark</source>
        <translation>dunkel</translation>
    </message>
    <message>
        <source>Text size</source>
        <translation>Textgröße</translation>
    </message>
    <message>
        <source>In relation to the desktop&apos;s own.</source>
        <translation>Im Verhältnis zu der des Schreibtischs.</translation>
    </message>
    <message>
        <source>%1 %</source>
        <translation>%1 %</translation>
    </message>
    <message>
        <source>Times and notices</source>
        <translation>Zeiten und Meldungen</translation>
    </message>
    <message>
        <source>Times of runs</source>
        <translation>Zeiten der Läufe</translation>
    </message>
    <message>
        <source>How the table says when a run was started.</source>
        <translation>Wie die Tabelle sagt, wann ein Lauf begann.</translation>
    </message>
    <message>
        <source>as an age: 12 min ago</source>
        <translation>als Alter: vor 12 min</translation>
    </message>
    <message>
        <source>as a date: 2026-11-23 22:41</source>
        <translation>als Datum: 2026-11-23 22:41</translation>
    </message>
    <message>
        <source>Where things are</source>
        <translation>Wo was liegt</translation>
    </message>
    <message>
        <source>Open folder</source>
        <translation>Ordner öffnen</translation>
    </message>
    <message>
        <source>Open the folder of: %1</source>
        <translation>Den Ordner öffnen von: %1</translation>
    </message>
    <message>
        <source>The folder could not be opened</source>
        <translation>Der Ordner ließ sich nicht öffnen</translation>
    </message>
    <message>
        <source>It may not exist yet; otherwise open it with a file manager</source>
        <translation>Vielleicht gibt es ihn noch nicht; sonst öffnen Sie ihn mit einer Dateiverwaltung</translation>
    </message>
    <message>
        <source>Tell me of alerts and when a run ends</source>
        <translation>Warnungen und das Ende von Läufen melden</translation>
    </message>
    <message>
        <source>With a notice of the desktop, while I am elsewhere.</source>
        <translation>Mit einer Meldung des Schreibtischs, während ich woanders bin.</translation>
    </message>
    <message>
        <source>Light, dark, in high contrast, or as the desktop says, also when it changes.</source>
        <translation>Hell, dunkel, mit hohem Kontrast oder wie der Schreibtisch es sagt, auch wenn er wechselt.</translation>
    </message>
    <message>
        <source>high contrast</source>
        <translation>hoher Kontrast</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>Sprache</translation>
    </message>
    <message>
        <source>Of the window. What runs and programs say stays in English.</source>
        <translation>Des Fensters. Was Läufe und Programme sagen, bleibt englisch.</translation>
    </message>
</context>
<context>
    <name>athanor::app::QueueActions</name>
    <message>
        <source>Queue</source>
        <translation>Warteschlange</translation>
    </message>
    <message>
        <source>Hold the selected runs in the queue</source>
        <translation>Die gewählten Läufe in der Warteschlange zurückhalten</translation>
    </message>
    <message>
        <source>Hold</source>
        <translation>Zurückhalten</translation>
    </message>
    <message>
        <source>Move the selected runs to the front of the queue</source>
        <translation>Die gewählten Läufe an den Anfang der Warteschlange</translation>
    </message>
    <message>
        <source>To the front</source>
        <translation>An den Anfang</translation>
    </message>
    <message>
        <source>Move the selected run up in the queue</source>
        <translation>Den gewählten Lauf in der Warteschlange vorrücken</translation>
    </message>
    <message>
        <source>Up</source>
        <translation>Vor</translation>
    </message>
    <message>
        <source>Move the selected run down in the queue</source>
        <translation>Den gewählten Lauf in der Warteschlange zurückstellen</translation>
    </message>
    <message>
        <source>Down</source>
        <translation>Zurück</translation>
    </message>
    <message>
        <source>Set the priority of the selected runs</source>
        <translation>Den Vorrang der gewählten Läufe setzen</translation>
    </message>
    <message>
        <source>Priority…</source>
        <translation>Vorrang …</translation>
    </message>
    <message>
        <source>Hold the queue</source>
        <translation>Die Warteschlange anhalten</translation>
    </message>
    <message>
        <source>Select a run first.</source>
        <translation>Wählen Sie zuerst einen Lauf.</translation>
    </message>
    <message>
        <source>Only runs that wait in the queue have a place in it.</source>
        <translation>Nur Läufe, die in der Warteschlange warten, haben dort einen Platz.</translation>
    </message>
    <message>
        <source>Release the selected runs</source>
        <translation>Die gewählten Läufe freigeben</translation>
    </message>
    <message>
        <source>Release</source>
        <translation>Freigeben</translation>
    </message>
    <message>
        <source>Release the queue</source>
        <translation>Die Warteschlange freigeben</translation>
    </message>
    <message>
        <source>Select a single run.</source>
        <translation>Wählen Sie einen einzigen Lauf.</translation>
    </message>
    <message>
        <source>It is the first in the queue.</source>
        <translation>Er ist der erste in der Warteschlange.</translation>
    </message>
    <message>
        <source>It is the last in the queue.</source>
        <translation>Er ist der letzte in der Warteschlange.</translation>
    </message>
    <message>
        <source>Priority in the queue</source>
        <translation>Vorrang in der Warteschlange</translation>
    </message>
    <message>
        <source>Runs of a higher priority begin first.</source>
        <translation>Läufe mit höherem Vorrang beginnen zuerst.</translation>
    </message>
</context>
<context>
    <name>athanor::app::RecipeEditor</name>
    <message>
        <source>Recipe text</source>
        <translation>Rezepttext</translation>
    </message>
    <message>
        <source>Faults of the recipe</source>
        <translation>Fehler im Rezept</translation>
    </message>
</context>
<context>
    <name>athanor::app::RecoveriesCard</name>
    <message>
        <source>How it went on after losses</source>
        <translation>Wie es nach Verlusten weiterging</translation>
    </message>
    <message>
        <source>Step</source>
        <translation>Schritt</translation>
    </message>
    <message>
        <source>Rank</source>
        <translation>Rang</translation>
    </message>
    <message>
        <source>Went on from</source>
        <translation>Weiter von</translation>
    </message>
    <message>
        <source>In all</source>
        <translation>Summe</translation>
    </message>
    <message>
        <source>How the run went on after it lost ranks</source>
        <translation>Wie der Lauf weiterging, nachdem er Ränge verloren hatte</translation>
    </message>
</context>
<context>
    <name>athanor::app::RunDetails</name>
    <message>
        <source>Select a run to see its details.</source>
        <translation>Wählen Sie einen Lauf, um Einzelheiten zu sehen.</translation>
    </message>
    <message>
        <source>Name of the run</source>
        <translation>Name des Laufs</translation>
    </message>
    <message>
        <source>Tags</source>
        <translation>Marken</translation>
    </message>
    <message>
        <source>separated by commas</source>
        <translation>durch Kommas getrennt</translation>
    </message>
    <message>
        <source>Tags of the run, separated by commas</source>
        <translation>Marken des Laufs, durch Kommas getrennt</translation>
    </message>
    <message>
        <source>Tags of all selected runs, separated by commas</source>
        <translation>Marken aller gewählten Läufe, durch Kommas getrennt</translation>
    </message>
    <message>
        <source>Note</source>
        <translation>Notiz</translation>
    </message>
    <message>
        <source>What was this run for? What did it show?</source>
        <translation>Wozu war dieser Lauf? Was hat er gezeigt?</translation>
    </message>
    <message>
        <source>Note on the run</source>
        <translation>Notiz zum Lauf</translation>
    </message>
    <message numerus="yes">
        <source>%n runs are selected. Tags, pins and deleting apply to all of them.</source>
        <translation>
            <numerusform>%n Lauf ist gewählt. Marken, Anheften und Löschen gelten für ihn.</numerusform>
            <numerusform>%n Läufe sind gewählt. Marken, Anheften und Löschen gelten für alle.</numerusform>
        </translation>
    </message>
    <message>
        <source>Model</source>
        <translation>Modell</translation>
    </message>
    <message>
        <source>Created</source>
        <translation>Angelegt</translation>
    </message>
    <message>
        <source>Duration</source>
        <translation>Dauer</translation>
    </message>
    <message>
        <source>Throughput</source>
        <translation>Durchsatz</translation>
    </message>
    <message>
        <source>samples/s</source>
        <translation>Proben/s</translation>
    </message>
    <message>
        <source>Comes from</source>
        <translation>Kommt von</translation>
    </message>
    <message>
        <source>run %1, step %2</source>
        <translation>Lauf %1, Schritt %2</translation>
    </message>
    <message>
        <source>Number</source>
        <translation>Nummer</translation>
    </message>
    <message>
        <source>Tags that all of them have</source>
        <translation>Marken, die alle haben</translation>
    </message>
    <message>
        <source>Deleted</source>
        <translation>Gelöscht</translation>
    </message>
</context>
<context>
    <name>athanor::app::RunFiles</name>
    <message>
        <source>Importing runs</source>
        <translation>Läufe werden importiert</translation>
    </message>
    <message>
        <source>They come into the list one by one.</source>
        <translation>Sie kommen nacheinander in die Liste.</translation>
    </message>
    <message>
        <source>%1 had grown and %2 were here before.</source>
        <translation>%1 waren gewachsen und %2 waren schon da.</translation>
    </message>
    <message numerus="yes">
        <source>Of %n run(s) something was damaged and is missing.</source>
        <translation>
            <numerusform>Von %n Lauf war etwas beschädigt und fehlt.</numerusform>
            <numerusform>Von %n Läufen war etwas beschädigt und fehlt.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Imported %n run(s)</source>
        <translation>
            <numerusform>%n Lauf importiert</numerusform>
            <numerusform>%n Läufe importiert</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Exported %n run(s)</source>
        <translation>
            <numerusform>%n Lauf exportiert</numerusform>
            <numerusform>%n Läufe exportiert</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>athanor::app::RunLabels</name>
    <message>
        <source>No. %1</source>
        <translation>Nr. %1</translation>
    </message>
</context>
<context>
    <name>athanor::app::RunMatrixModel</name>
    <message>
        <source>%1: the baseline</source>
        <translation>%1: die Grundlinie</translation>
    </message>
</context>
<context>
    <name>athanor::app::RunNews</name>
    <message>
        <source>%1: alert</source>
        <translation>%1: Warnung</translation>
    </message>
    <message numerus="yes">
        <source>%n step(s) in %1</source>
        <translation>
            <numerusform>%n Schritt in %1</numerusform>
            <numerusform>%n Schritte in %1</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>athanor::app::RunTable</name>
    <message>
        <source>Table of runs</source>
        <translation>Tabelle der Läufe</translation>
    </message>
    <message>
        <source>Columns, where there is room</source>
        <translation>Spalten, wo Platz ist</translation>
    </message>
</context>
<context>
    <name>athanor::app::RunTableModel</name>
    <message>
        <source>from run %1, step %2</source>
        <translation>von Lauf %1, Schritt %2</translation>
    </message>
    <message>
        <source>Number of the run, as athanor-agent and athanor-run name it</source>
        <translation>Nummer des Laufs, wie athanor-agent und athanor-run sie nennen</translation>
    </message>
    <message>
        <source>No.</source>
        <translation>Nr.</translation>
    </message>
    <message>
        <source>State</source>
        <translation>Zustand</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>Name</translation>
    </message>
    <message>
        <source>Tags</source>
        <translation>Marken</translation>
    </message>
    <message>
        <source>Steps</source>
        <translation>Schritte</translation>
    </message>
    <message>
        <source>Loss</source>
        <translation>Verlust</translation>
    </message>
    <message>
        <source>Steps/s</source>
        <translation>Schritte/s</translation>
    </message>
    <message>
        <source>Started</source>
        <translation>Begonnen</translation>
    </message>
    <message>
        <source>Duration</source>
        <translation>Dauer</translation>
    </message>
    <message>
        <source>Loss curve</source>
        <translation>Verlustkurve</translation>
    </message>
    <message>
        <source>Text to picture, R@1: share of texts whose picture is the first answer, on the styles that are never trained on</source>
        <translation>Text zu Bild, R@1: Anteil der Texte, deren Bild die erste Antwort ist, auf den Stilen, mit denen nie trainiert wird</translation>
    </message>
    <message>
        <source>Text to picture, R@10: share of texts whose picture is among the first ten answers</source>
        <translation>Text zu Bild, R@10: Anteil der Texte, deren Bild unter den ersten zehn Antworten ist</translation>
    </message>
    <message>
        <source>T→P R@1</source>
        <translation>T→B R@1</translation>
    </message>
    <message>
        <source>T→P R@10</source>
        <translation>T→B R@10</translation>
    </message>
    <message>
        <source>Steps a second, as most of the run&apos;s newest steps went</source>
        <translation>Schritte in der Sekunde, wie die meisten der neuesten Schritte des Laufs</translation>
    </message>
</context>
<context>
    <name>athanor::app::RunsPage</name>
    <message>
        <source>Runs</source>
        <translation>Läufe</translation>
    </message>
    <message>
        <source>Search, or ask: loss &lt; 0.3 and tag = night</source>
        <translation>Suchen oder fragen: loss &lt; 0.3 and tag = nacht</translation>
    </message>
    <message>
        <source>Set up a new experiment</source>
        <translation>Ein neues Experiment aufsetzen</translation>
    </message>
    <message>
        <source>New experiment</source>
        <translation>Neues Experiment</translation>
    </message>
    <message>
        <source>Search the runs</source>
        <translation>Die Läufe durchsuchen</translation>
    </message>
    <message>
        <source>Open the selected run</source>
        <translation>Den gewählten Lauf öffnen</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>Öffnen</translation>
    </message>
    <message>
        <source>Pin or unpin the selected runs</source>
        <translation>Die gewählten Läufe anheften oder lösen</translation>
    </message>
    <message>
        <source>Pin</source>
        <translation>Anheften</translation>
    </message>
    <message>
        <source>Rename the selected run</source>
        <translation>Den gewählten Lauf umbenennen</translation>
    </message>
    <message>
        <source>Rename</source>
        <translation>Umbenennen</translation>
    </message>
    <message>
        <source>Edit the tags</source>
        <translation>Die Marken bearbeiten</translation>
    </message>
    <message>
        <source>Tags</source>
        <translation>Marken</translation>
    </message>
    <message>
        <source>Write a note</source>
        <translation>Eine Notiz schreiben</translation>
    </message>
    <message>
        <source>Note</source>
        <translation>Notiz</translation>
    </message>
    <message>
        <source>Set up a new experiment like the selected run</source>
        <translation>Ein neues Experiment wie den gewählten Lauf aufsetzen</translation>
    </message>
    <message>
        <source>New from this</source>
        <translation>Neu daraus</translation>
    </message>
    <message>
        <source>Fork the selected run from a checkpoint</source>
        <translation>Von einem Sicherungspunkt des gewählten Laufs abzweigen</translation>
    </message>
    <message>
        <source>Fork</source>
        <translation>Abzweigen</translation>
    </message>
    <message>
        <source>Resume the selected run</source>
        <translation>Den gewählten Lauf fortsetzen</translation>
    </message>
    <message>
        <source>Resume</source>
        <translation>Fortsetzen</translation>
    </message>
    <message>
        <source>Stop the selected run, with a checkpoint</source>
        <translation>Den gewählten Lauf mit einem Sicherungspunkt anhalten</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>Anhalten</translation>
    </message>
    <message>
        <source>Delete the selected runs</source>
        <translation>Die gewählten Läufe löschen</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>Löschen</translation>
    </message>
    <message>
        <source>Show or hide the details</source>
        <translation>Die Einzelheiten zeigen oder verbergen</translation>
    </message>
    <message>
        <source>Select a run first.</source>
        <translation>Wählen Sie zuerst einen Lauf.</translation>
    </message>
    <message>
        <source>Select a single run.</source>
        <translation>Wählen Sie einen einzigen Lauf.</translation>
    </message>
    <message>
        <source>The run has no checkpoint yet.</source>
        <translation>Der Lauf hat noch keinen Sicherungspunkt.</translation>
    </message>
    <message>
        <source>Stop the run before you delete it.</source>
        <translation>Halten Sie den Lauf an, bevor Sie ihn löschen.</translation>
    </message>
    <message numerus="yes">
        <source>%n run(s)</source>
        <translation>
            <numerusform>%n Lauf</numerusform>
            <numerusform>%n Läufe</numerusform>
        </translation>
    </message>
    <message>
        <source>%1 of %2 runs</source>
        <translation>%1 von %2 Läufen</translation>
    </message>
    <message>
        <source>The history cannot be read</source>
        <translation>Der Verlauf kann nicht gelesen werden</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>Noch einmal versuchen</translation>
    </message>
    <message>
        <source>No runs yet</source>
        <translation>Noch keine Läufe</translation>
    </message>
    <message>
        <source>Every experiment you launch is kept here, with its curves, its recipe and your notes.</source>
        <translation>Jedes Experiment, das Sie starten, wird hier aufbewahrt, mit seinen Kurven, seinem Rezept und Ihren Notizen.</translation>
    </message>
    <message>
        <source>Set up the first experiment</source>
        <translation>Das erste Experiment aufsetzen</translation>
    </message>
    <message>
        <source>No run fits the search</source>
        <translation>Kein Lauf passt zur Suche</translation>
    </message>
    <message>
        <source>Nothing matches “%1”.</source>
        <translation>Nichts passt zu „%1“.</translation>
    </message>
    <message>
        <source>Clear the search</source>
        <translation>Die Suche leeren</translation>
    </message>
    <message>
        <source>Every run is kept whole in its own folder.</source>
        <translation>Jeder Lauf liegt unversehrt in seinem eigenen Ordner.</translation>
    </message>
    <message>
        <source>Start the selected run again</source>
        <translation>Den gewählten Lauf noch einmal starten</translation>
    </message>
    <message>
        <source>Start again</source>
        <translation>Noch einmal</translation>
    </message>
    <message>
        <source>Deleted</source>
        <translation>Gelöscht</translation>
    </message>
    <message>
        <source>Show the deleted runs</source>
        <translation>Die gelöschten Läufe zeigen</translation>
    </message>
    <message>
        <source>Show the deleted runs, to restore them or to delete them for ever</source>
        <translation>Die gelöschten Läufe zeigen, um sie wiederherzustellen oder endgültig zu löschen</translation>
    </message>
    <message>
        <source>Deleted runs keep their folders until they are deleted for ever.</source>
        <translation>Gelöschte Läufe behalten ihre Ordner, bis sie endgültig gelöscht werden.</translation>
    </message>
    <message>
        <source>Delete for ever</source>
        <translation>Endgültig löschen</translation>
    </message>
    <message numerus="yes">
        <source>Delete %n run(s) for ever?</source>
        <translation>
            <numerusform>%n Lauf endgültig löschen?</numerusform>
            <numerusform>%n Läufe endgültig löschen?</numerusform>
        </translation>
    </message>
    <message>
        <source>Everything in the folders goes as well, and %1. It cannot be undone.</source>
        <translation>Auch alles in den Ordnern geht, und %1. Es lässt sich nicht rückgängig machen.</translation>
    </message>
    <message>
        <source>Keep</source>
        <translation>Behalten</translation>
    </message>
    <message>
        <source>Restore the selected deleted runs</source>
        <translation>Die gewählten gelöschten Läufe wiederherstellen</translation>
    </message>
    <message>
        <source>Restore</source>
        <translation>Wiederherstellen</translation>
    </message>
    <message>
        <source>Delete the selected runs for ever</source>
        <translation>Die gewählten Läufe endgültig löschen</translation>
    </message>
    <message>
        <source>Delete for ever…</source>
        <translation>Endgültig löschen …</translation>
    </message>
    <message>
        <source>Show or hide the deleted runs</source>
        <translation>Die gelöschten Läufe zeigen oder verbergen</translation>
    </message>
    <message>
        <source>Show the deleted runs first.</source>
        <translation>Zuerst die gelöschten Läufe zeigen.</translation>
    </message>
    <message>
        <source>Stop the run before you delete it for ever.</source>
        <translation>Den Lauf anhalten, ehe er endgültig gelöscht wird.</translation>
    </message>
    <message>
        <source>Restore the run first.</source>
        <translation>Den Lauf zuerst wiederherstellen.</translation>
    </message>
    <message numerus="yes">
        <source>%n deleted run(s)</source>
        <translation>
            <numerusform>%n gelöschter Lauf</numerusform>
            <numerusform>%n gelöschte Läufe</numerusform>
        </translation>
    </message>
    <message>
        <source>No deleted runs</source>
        <translation>Keine gelöschten Läufe</translation>
    </message>
    <message>
        <source>What you delete is kept here until you delete it for ever.</source>
        <translation>Was gelöscht wird, bleibt hier, bis es endgültig gelöscht wird.</translation>
    </message>
    <message>
        <source>Back to the runs</source>
        <translation>Zurück zu den Läufen</translation>
    </message>
    <message>
        <source>Lay the selected runs side by side; a single one joins those compared</source>
        <translation>Die ausgewählten Läufe nebeneinanderlegen; ein einzelner kommt zu den verglichenen hinzu</translation>
    </message>
    <message>
        <source>Compare</source>
        <translation>Vergleichen</translation>
    </message>
</context>
<context>
    <name>athanor::app::Session</name>
    <message>
        <source>--run: the history holds no run %1</source>
        <translation>--run: der Verlauf hat keinen Lauf %1</translation>
    </message>
    <message>
        <source>--do: there is no action “%1”</source>
        <translation>--do: es gibt keine Aktion „%1“</translation>
    </message>
    <message>
        <source>--do: “%1” cannot run now: %2</source>
        <translation>--do: „%1“ geht jetzt nicht: %2</translation>
    </message>
</context>
<context>
    <name>athanor::app::ShortcutSheet</name>
    <message>
        <source>Keyboard shortcuts</source>
        <translation>Tastenkürzel</translation>
    </message>
    <message>
        <source>Keyboard</source>
        <translation>Tastatur</translation>
    </message>
    <message>
        <source>In a plot</source>
        <translation>In einem Diagramm</translation>
    </message>
    <message>
        <source>Move along</source>
        <translation>Entlanggehen</translation>
    </message>
    <message>
        <source>Zoom</source>
        <translation>Vergrößern</translation>
    </message>
    <message>
        <source>Whole range</source>
        <translation>Ganzer Bereich</translation>
    </message>
    <message>
        <source>Home</source>
        <translation>Pos1</translation>
    </message>
    <message>
        <source>Move the cursor</source>
        <translation>Den Zeiger bewegen</translation>
    </message>
    <message>
        <source>Ctrl ← →</source>
        <translation>Strg ← →</translation>
    </message>
    <message>
        <source>Go from curve to curve</source>
        <translation>Von Kurve zu Kurve gehen</translation>
    </message>
    <message>
        <source>Logarithmic scale</source>
        <translation>Logarithmische Skala</translation>
    </message>
    <message>
        <source>Logarithmic in x</source>
        <translation>Logarithmisch in x</translation>
    </message>
    <message>
        <source>Shift+L</source>
        <translation>Umschalt+L</translation>
    </message>
    <message>
        <source>Show as table</source>
        <translation>Als Tabelle zeigen</translation>
    </message>
</context>
<context>
    <name>athanor::app::Sidebar</name>
    <message>
        <source>Going on</source>
        <translation>Im Gang</translation>
    </message>
    <message>
        <source>Page: %1</source>
        <translation>Seite: %1</translation>
    </message>
</context>
<context>
    <name>athanor::app::StatusFoot</name>
    <message>
        <source>Agent connected</source>
        <translation>Agent verbunden</translation>
    </message>
    <message>
        <source>Starting the agent</source>
        <translation>Der Agent startet</translation>
    </message>
    <message>
        <source>Agent starts when needed</source>
        <translation>Der Agent startet bei Bedarf</translation>
    </message>
    <message>
        <source>Agent not reachable</source>
        <translation>Der Agent ist nicht erreichbar</translation>
    </message>
    <message numerus="yes">
        <source>%n run(s) going on</source>
        <translation>
            <numerusform>%n Lauf im Gang</numerusform>
            <numerusform>%n Läufe im Gang</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n waiting</source>
        <translation>
            <numerusform>%n wartet</numerusform>
            <numerusform>%n warten</numerusform>
        </translation>
    </message>
    <message>
        <source>Nothing is running</source>
        <translation>Nichts läuft</translation>
    </message>
</context>
<context>
    <name>athanor::app::TimelineCard</name>
    <message>
        <source>What each rank did</source>
        <translation>Was jeder Rang tat</translation>
    </message>
    <message>
        <source>What a step consists of</source>
        <translation>Woraus ein Schritt besteht</translation>
    </message>
    <message>
        <source>predicted</source>
        <translation>vorhergesagt</translation>
    </message>
    <message>
        <source>measured</source>
        <translation>gemessen</translation>
    </message>
    <message>
        <source>Timeline of the run</source>
        <translation>Zeitleiste des Laufs</translation>
    </message>
    <message>
        <source>Newest step</source>
        <translation>Neuester Schritt</translation>
    </message>
    <message>
        <source>Keep the newest step in sight (End)</source>
        <translation>Den neuesten Schritt im Blick behalten (Ende)</translation>
    </message>
    <message>
        <source>Whole run</source>
        <translation>Ganzer Lauf</translation>
    </message>
    <message>
        <source>Show the whole run (Home)</source>
        <translation>Den ganzen Lauf zeigen (Pos1)</translation>
    </message>
    <message>
        <source>Options of the timeline</source>
        <translation>Optionen der Zeitleiste</translation>
    </message>
    <message>
        <source>Timeline options</source>
        <translation>Optionen der Zeitleiste</translation>
    </message>
    <message>
        <source>Zoom to the selection	Enter</source>
        <translation>Auf die Auswahl vergrößern	Eingabe</translation>
    </message>
    <message>
        <source>Save what is in sight as a trace…</source>
        <translation>Den sichtbaren Teil als Trace speichern …</translation>
    </message>
    <message>
        <source>Save the whole run as a trace…</source>
        <translation>Den ganzen Lauf als Trace speichern …</translation>
    </message>
    <message>
        <source>Save the selection as a trace…</source>
        <translation>Die Auswahl als Trace speichern …</translation>
    </message>
    <message>
        <source>Save a trace for Perfetto or Chrome</source>
        <translation>Trace für Perfetto oder Chrome speichern</translation>
    </message>
    <message>
        <source>Traces (*.json)</source>
        <translation>Traces (*.json)</translation>
    </message>
</context>
<context>
    <name>athanor::app::TimelineController</name>
    <message numerus="yes">
        <source>%n span(s) written to %1</source>
        <translation>
            <numerusform>%n Spanne nach %1 geschrieben</numerusform>
            <numerusform>%n Spannen nach %1 geschrieben</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>athanor::widgets::AxisWords</name>
    <message>
        <source>Step</source>
        <translation>Schritt</translation>
    </message>
    <message>
        <source>Samples</source>
        <translation>Proben</translation>
    </message>
    <message>
        <source>Time</source>
        <translation>Zeit</translation>
    </message>
    <message>
        <source>Date and time</source>
        <translation>Datum und Uhrzeit</translation>
    </message>
    <message>
        <source>step %1</source>
        <translation>Schritt %1</translation>
    </message>
    <message>
        <source>%1 samples</source>
        <translation>%1 Proben</translation>
    </message>
</context>
<context>
    <name>athanor::widgets::CommandPalette</name>
    <message>
        <source>What do you want to do?</source>
        <translation>Was möchten Sie tun?</translation>
    </message>
    <message>
        <source>Search commands</source>
        <translation>Befehle suchen</translation>
    </message>
    <message>
        <source>Commands</source>
        <translation>Befehle</translation>
    </message>
</context>
<context>
    <name>athanor::widgets::CurveTable</name>
    <message>
        <source>%1, least</source>
        <translation>%1, kleinster Wert</translation>
    </message>
    <message>
        <source>%1, greatest</source>
        <translation>%1, größter Wert</translation>
    </message>
</context>
<context>
    <name>athanor::widgets::EmptyPage</name>
    <message>
        <source>The way on from an empty page</source>
        <translation>Der Weg weiter von einer leeren Seite</translation>
    </message>
</context>
<context>
    <name>athanor::widgets::FieldRow</name>
    <message>
        <source>Reset %1 to its default</source>
        <translation>%1 auf die Vorgabe zurücksetzen</translation>
    </message>
    <message>
        <source>Reset to empty</source>
        <translation>Leeren</translation>
    </message>
    <message>
        <source>Reset to %1</source>
        <translation>Auf %1 zurücksetzen</translation>
    </message>
</context>
<context>
    <name>athanor::widgets::FormView</name>
    <message>
        <source>Search the fields</source>
        <translation>Die Felder durchsuchen</translation>
    </message>
    <message>
        <source>Advanced</source>
        <translation>Erweitert</translation>
    </message>
    <message>
        <source>Show advanced fields</source>
        <translation>Erweiterte Felder zeigen</translation>
    </message>
    <message>
        <source>Show the fields that are rarely changed</source>
        <translation>Die Felder zeigen, die selten geändert werden</translation>
    </message>
    <message>
        <source>No field fits the search.</source>
        <translation>Kein Feld passt zur Suche.</translation>
    </message>
    <message>
        <source>Go to section %1</source>
        <translation>Zum Abschnitt %1</translation>
    </message>
    <message>
        <source>has faults</source>
        <translation>hat Fehler</translation>
    </message>
</context>
<context>
    <name>athanor::widgets::LineageView</name>
    <message>
        <source>Lineage</source>
        <translation>Abstammung</translation>
    </message>
    <message>
        <source>step %1</source>
        <translation>Schritt %1</translation>
    </message>
    <message>
        <source>from %1 at step %2 to step %3</source>
        <translation>von %1 bei Schritt %2 bis Schritt %3</translation>
    </message>
</context>
<context>
    <name>athanor::widgets::LogRing</name>
    <message>
        <source>Error: %1</source>
        <translation>Fehler: %1</translation>
    </message>
    <message>
        <source>Warning: %1</source>
        <translation>Warnung: %1</translation>
    </message>
</context>
<context>
    <name>athanor::widgets::LogView</name>
    <message>
        <source>Search the log</source>
        <translation>Das Protokoll durchsuchen</translation>
    </message>
    <message>
        <source>Log lines</source>
        <translation>Zeilen des Protokolls</translation>
    </message>
    <message numerus="yes">
        <source>%n line(s)</source>
        <translation>
            <numerusform>%n Zeile</numerusform>
            <numerusform>%n Zeilen</numerusform>
        </translation>
    </message>
    <message>
        <source>%1 of %2 lines</source>
        <translation>%1 von %2 Zeilen</translation>
    </message>
</context>
<context>
    <name>athanor::widgets::MessageBar</name>
    <message>
        <source>Message</source>
        <translation>Meldung</translation>
    </message>
    <message>
        <source>What the message offers</source>
        <translation>Was die Meldung anbietet</translation>
    </message>
    <message>
        <source>Dismiss the message</source>
        <translation>Die Meldung schließen</translation>
    </message>
    <message>
        <source>Dismiss</source>
        <translation>Schließen</translation>
    </message>
</context>
<context>
    <name>athanor::widgets::MetricPlot</name>
    <message>
        <source>Nothing measured yet</source>
        <translation>Noch nichts gemessen</translation>
    </message>
    <message>
        <source>Options of the plot “%1”</source>
        <translation>Möglichkeiten des Diagramms „%1“</translation>
    </message>
    <message>
        <source>Plot options</source>
        <translation>Möglichkeiten des Diagramms</translation>
    </message>
    <message>
        <source>Logarithmic scale	L</source>
        <translation>Logarithmische Skala	L</translation>
    </message>
    <message>
        <source>Show as table	T</source>
        <translation>Als Tabelle zeigen	T</translation>
    </message>
    <message>
        <source>Whole range	Home</source>
        <translation>Ganzer Bereich	Pos1</translation>
    </message>
    <message>
        <source>Copy the numbers</source>
        <translation>Die Zahlen kopieren</translation>
    </message>
    <message>
        <source>Save the plot</source>
        <translation>Das Diagramm speichern</translation>
    </message>
    <message>
        <source>Numbers of the plot “%1”</source>
        <translation>Zahlen des Diagramms „%1“</translation>
    </message>
    <message>
        <source>Plot: %1</source>
        <translation>Diagramm: %1</translation>
    </message>
    <message>
        <source>%1 at step %2</source>
        <translation>%1 bei Schritt %2</translation>
    </message>
    <message>
        <source>Logarithmic in x	Shift+L</source>
        <translation>Logarithmisch in x	Umschalt+L</translation>
    </message>
    <message>
        <source>Save as figure or numbers…</source>
        <translation>Als Abbildung oder Zahlen speichern …</translation>
    </message>
    <message>
        <source>PDF (*.pdf);;SVG (*.svg);;PNG picture (*.png);;Numbers as CSV (*.csv)</source>
        <translation>PDF (*.pdf);;SVG (*.svg);;PNG-Bild (*.png);;Zahlen als CSV (*.csv)</translation>
    </message>
    <message>
        <source>Could not save the plot: %1</source>
        <translation>Das Diagramm konnte nicht gespeichert werden: %1</translation>
    </message>
    <message>
        <source>%1: %2</source>
        <translation>%1: %2</translation>
    </message>
</context>
<context>
    <name>athanor::widgets::ParallelPlot</name>
    <message>
        <source>Parallel coordinates</source>
        <translation>Parallele Koordinaten</translation>
    </message>
    <message>
        <source>%1 of %2 lines</source>
        <translation>%1 von %2 Linien</translation>
    </message>
    <message>
        <source>from %1 to %2</source>
        <translation>von %1 bis %2</translation>
    </message>
    <message>
        <source>%1: %2</source>
        <translation>%1: %2</translation>
    </message>
</context>
<context>
    <name>athanor::widgets::PlotLegend</name>
    <message numerus="yes">
        <source>%n more</source>
        <translation>
            <numerusform>%n weitere</numerusform>
            <numerusform>%n weitere</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>athanor::widgets::QueryCard</name>
    <message>
        <source>No rank</source>
        <translation>Kein Rang</translation>
    </message>
    <message>
        <source>Rank %1 of %2, was %3</source>
        <translation>Rang %1 von %2, war %3</translation>
    </message>
    <message>
        <source>Rank %1 of %2</source>
        <translation>Rang %1 von %2</translation>
    </message>
    <message>
        <source>%1 (right)</source>
        <translation>%1 (richtig)</translation>
    </message>
    <message>
        <source>%1. Best answers: %2</source>
        <translation>%1. Beste Antworten: %2</translation>
    </message>
    <message>
        <source>Text query “%1”</source>
        <translation>Textfrage „%1“</translation>
    </message>
    <message>
        <source>Picture query “%1”</source>
        <translation>Bildfrage „%1“</translation>
    </message>
    <message>
        <source>Answer %1: %2</source>
        <translation>Antwort %1: %2</translation>
    </message>
    <message>
        <source>right, score %1</source>
        <translation>richtig, Wert %1</translation>
    </message>
    <message>
        <source>score %1</source>
        <translation>Wert %1</translation>
    </message>
    <message>
        <source>rank %1</source>
        <translation>Rang %1</translation>
    </message>
    <message>
        <source>no rank</source>
        <translation>kein Rang</translation>
    </message>
    <message>
        <source>before: rank %1</source>
        <translation>vorher: Rang %1</translation>
    </message>
    <message>
        <source>Rank %1 of %2, there %3</source>
        <translation>Rang %1 von %2, dort %3</translation>
    </message>
    <message>
        <source>Before</source>
        <translation>Vorher</translation>
    </message>
    <message>
        <source>%1, answer %2: %3</source>
        <translation>%1, Antwort %2: %3</translation>
    </message>
    <message>
        <source>%1: rank %2</source>
        <translation>%1: Rang %2</translation>
    </message>
</context>
<context>
    <name>athanor::widgets::RetrievalBoard</name>
    <message>
        <source>Evaluation</source>
        <translation>Auswertung</translation>
    </message>
    <message>
        <source>Evaluation shown</source>
        <translation>Gezeigte Auswertung</translation>
    </message>
    <message>
        <source>before</source>
        <translation>vorher</translation>
    </message>
    <message>
        <source>Earlier evaluation to compare with</source>
        <translation>Frühere Auswertung zum Vergleich</translation>
    </message>
    <message>
        <source>Order</source>
        <translation>Ordnung</translation>
    </message>
    <message>
        <source>Order of the queries</source>
        <translation>Ordnung der Fragen</translation>
    </message>
    <message>
        <source>as recorded</source>
        <translation>wie aufgezeichnet</translation>
    </message>
    <message>
        <source>biggest regressions first</source>
        <translation>größte Rückschritte zuerst</translation>
    </message>
    <message>
        <source>worst first</source>
        <translation>schlechteste zuerst</translation>
    </message>
    <message>
        <source>best first</source>
        <translation>beste zuerst</translation>
    </message>
    <message>
        <source>Ask with</source>
        <translation>Fragen mit</translation>
    </message>
    <message>
        <source>Direction of the queries</source>
        <translation>Richtung der Fragen</translation>
    </message>
    <message>
        <source>texts and pictures</source>
        <translation>Texten und Bildern</translation>
    </message>
    <message>
        <source>texts</source>
        <translation>Texten</translation>
    </message>
    <message>
        <source>pictures</source>
        <translation>Bildern</translation>
    </message>
    <message>
        <source>step %1, newest</source>
        <translation>Schritt %1, neueste</translation>
    </message>
    <message>
        <source>step %1</source>
        <translation>Schritt %1</translation>
    </message>
    <message>
        <source>nothing</source>
        <translation>nichts</translation>
    </message>
    <message>
        <source>%1 of %2 right at once, %3 among the first five</source>
        <translation>%1 von %2 sofort richtig, %3 unter den ersten fünf</translation>
    </message>
    <message>
        <source>No queries yet</source>
        <translation>Noch keine Fragen</translation>
    </message>
</context>
<context>
    <name>athanor::widgets::ScatterPlot</name>
    <message>
        <source>Scatter plot</source>
        <translation>Streudiagramm</translation>
    </message>
    <message>
        <source>%1 over %2</source>
        <translation>%1 über %2</translation>
    </message>
    <message>
        <source>%1, %2 %3</source>
        <translation>%1, %2 %3</translation>
    </message>
</context>
<context>
    <name>athanor::widgets::SuggestionList</name>
    <message>
        <source>What could be written here</source>
        <translation>Was hier stehen könnte</translation>
    </message>
</context>
<context>
    <name>athanor::widgets::TimelineLegend</name>
    <message>
        <source>Legend of the timeline</source>
        <translation>Legende der Zeitleiste</translation>
    </message>
</context>
<context>
    <name>athanor::widgets::TimelineView</name>
    <message>
        <source>%1, from %2 on</source>
        <translation>%1, ab %2</translation>
    </message>
    <message>
        <source>%1: %2, from %3 on</source>
        <translation>%1: %2, ab %3</translation>
    </message>
    <message numerus="yes">
        <source>%n row(s)</source>
        <translation>
            <numerusform>%n Zeile</numerusform>
            <numerusform>%n Zeilen</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n bar(s), %1 in all</source>
        <translation>
            <numerusform>%n Balken, insgesamt %1</numerusform>
            <numerusform>%n Balken, insgesamt %1</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n begin here, the longest %1</source>
        <translation>
            <numerusform>%n beginnt hier, Dauer %1</numerusform>
            <numerusform>%n beginnen hier, der längste %1</numerusform>
        </translation>
    </message>
    <message>
        <source>longest pause %1</source>
        <translation>längste Pause %1</translation>
    </message>
    <message>
        <source>%1 selected, from %2 on. Enter or double click zooms to it</source>
        <translation>%1 ausgewählt, ab %2. Eingabe oder Doppelklick vergrößert darauf</translation>
    </message>
    <message>
        <source>%1 in sight, from %2 on, of %3</source>
        <translation>%1 sichtbar, ab %2, von %3</translation>
    </message>
    <message>
        <source>%1 in all. Drag to move, Control + wheel to zoom; Control + ← → goes from bar to bar</source>
        <translation>Insgesamt %1. Ziehen verschiebt, Strg + Mausrad vergrößert; Strg + ← → geht von Balken zu Balken</translation>
    </message>
</context>
<context>
    <name>athanor::widgets::UtilisationStrip</name>
    <message>
        <source>no measurement yet</source>
        <translation>noch keine Messung</translation>
    </message>
    <message>
        <source>unknown</source>
        <translation>unbekannt</translation>
    </message>
    <message>
        <source>In use</source>
        <translation>In Gebrauch</translation>
    </message>
    <message>
        <source>Memory and power</source>
        <translation>Speicher und Leistung</translation>
    </message>
</context>
</TS>
