<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de">
<context>
    <name>Recipe</name>
    <message>
        <source>Run</source>
        <translation>Lauf</translation>
    </message>
    <message>
        <source>What the experiment is called and where its randomness starts.</source>
        <translation>Wie das Experiment heißt und womit sein Zufall beginnt.</translation>
    </message>
    <message>
        <source>Data</source>
        <translation>Daten</translation>
    </message>
    <message>
        <source>What is learnt from.</source>
        <translation>Woraus gelernt wird.</translation>
    </message>
    <message>
        <source>Augmentation</source>
        <translation>Augmentierung</translation>
    </message>
    <message>
        <source>Random changes to the training pictures that keep what they show.</source>
        <translation>Zufällige Änderungen an den Trainingsbildern, die erhalten, was sie zeigen.</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>Modell</translation>
    </message>
    <message>
        <source>Which architecture, and how large.</source>
        <translation>Welche Architektur, und wie groß.</translation>
    </message>
    <message>
        <source>Training</source>
        <translation>Training</translation>
    </message>
    <message>
        <source>How long, how fast and where.</source>
        <translation>Wie lange, wie schnell und wo.</translation>
    </message>
    <message>
        <source>Finetuning</source>
        <translation>Feinabstimmung</translation>
    </message>
    <message>
        <source>What starts from other weights, what of it learns, and how.</source>
        <translation>Was mit anderen Gewichten beginnt, was davon lernt, und wie.</translation>
    </message>
    <message>
        <source>Precision</source>
        <translation>Genauigkeit</translation>
    </message>
    <message>
        <source>In which number format it is computed.</source>
        <translation>In welchem Zahlenformat gerechnet wird.</translation>
    </message>
    <message>
        <source>Parallelism</source>
        <translation>Verteilung</translation>
    </message>
    <message>
        <source>How the work is shared between ranks.</source>
        <translation>Wie die Arbeit unter Rängen geteilt wird.</translation>
    </message>
    <message>
        <source>Checkpoints</source>
        <translation>Sicherung</translation>
    </message>
    <message>
        <source>How often the state is saved, and how much of it is kept.</source>
        <translation>Wie oft der Stand gesichert wird, und wie viel davon bleibt.</translation>
    </message>
    <message>
        <source>Evaluation</source>
        <translation>Bewertung</translation>
    </message>
    <message>
        <source>How often it is judged on the unseen style.</source>
        <translation>Wie oft am ungesehenen Stil bewertet wird.</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>Name</translation>
    </message>
    <message>
        <source>What the run is called in the history and in its folder&apos;s name.</source>
        <translation>Wie der Lauf im Verlauf und im Namen seines Ordners heißt.</translation>
    </message>
    <message>
        <source>Seed</source>
        <translation>Startwert</translation>
    </message>
    <message>
        <source>Start of every random number: the same recipe and seed give the same run.</source>
        <translation>Anfang aller Zufallszahlen: Gleiches Rezept und gleicher Startwert ergeben den gleichen Lauf.</translation>
    </message>
    <message>
        <source>Deterministic</source>
        <translation>Deterministisch</translation>
    </message>
    <message>
        <source>Allows only operations whose bits never depend on timing or thread count; every operation of this version is such a one.</source>
        <translation>Erlaubt nur Operationen, deren Bits nie von Zeitpunkt oder Zahl der Threads abhängen; in dieser Version ist jede so.</translation>
    </message>
    <message>
        <source>Notes</source>
        <translation>Notizen</translation>
    </message>
    <message>
        <source>Anything worth remembering about the experiment.</source>
        <translation>Was man sich über das Experiment merken will.</translation>
    </message>
    <message>
        <source>Data set</source>
        <translation>Datensatz</translation>
    </message>
    <message>
        <source>Name of a prepared data set (athanor-run prepare).</source>
        <translation>Name eines vorbereiteten Datensatzes (athanor-run prepare).</translation>
    </message>
    <message>
        <source>Groups</source>
        <translation>Gruppen</translation>
    </message>
    <message>
        <source>Which groups of concepts take part.</source>
        <translation>Welche Gruppen von Begriffen teilnehmen.</translation>
    </message>
    <message>
        <source>Animals &amp; Nature</source>
        <translation>Tiere &amp; Natur</translation>
    </message>
    <message>
        <source>Food &amp; Drink</source>
        <translation>Essen &amp; Trinken</translation>
    </message>
    <message>
        <source>Travel &amp; Places</source>
        <translation>Reisen &amp; Orte</translation>
    </message>
    <message>
        <source>Activities</source>
        <translation>Aktivitäten</translation>
    </message>
    <message>
        <source>Objects</source>
        <translation>Gegenstände</translation>
    </message>
    <message>
        <source>Training styles</source>
        <translation>Stile zum Training</translation>
    </message>
    <message>
        <source>Drawing styles whose pictures are trained on.</source>
        <translation>Zeichenstile, an deren Bildern trainiert wird.</translation>
    </message>
    <message>
        <source>Test styles</source>
        <translation>Stile zum Prüfen</translation>
    </message>
    <message>
        <source>Drawing styles that are only ever evaluated on.</source>
        <translation>Zeichenstile, an denen nur bewertet wird.</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>Sprache</translation>
    </message>
    <message>
        <source>Language of the names and keywords.</source>
        <translation>Sprache der Namen und Stichwörter.</translation>
    </message>
    <message>
        <source>Batch size</source>
        <translation>Stapelgröße</translation>
    </message>
    <message>
        <source>Picture and text pairs per step; every other pair of the batch is a wrong answer to tell apart.</source>
        <translation>Paare aus Bild und Text je Schritt; jedes andere Paar des Stapels ist eine falsche Antwort, die es zu unterscheiden gilt.</translation>
    </message>
    <message>
        <source>pairs</source>
        <translation>Paare</translation>
    </message>
    <message>
        <source>Picture size</source>
        <translation>Bildgröße</translation>
    </message>
    <message>
        <source>Side of the square picture the model sees.</source>
        <translation>Seite des quadratischen Bildes, das das Modell sieht.</translation>
    </message>
    <message>
        <source>px</source>
        <translation>px</translation>
    </message>
    <message>
        <source>Longest text</source>
        <translation>Längster Text</translation>
    </message>
    <message>
        <source>Texts are cut after this many tokens.</source>
        <translation>Nach so vielen Tokens werden Texte abgeschnitten.</translation>
    </message>
    <message>
        <source>Group texts by length</source>
        <translation>Texte nach Länge ordnen</translation>
    </message>
    <message>
        <source>Pairs with texts of like length share a micro-batch, which is read only as far as its longest text goes. Micro-batches are so ordered that replicas that take several have about equally much to do.</source>
        <translation>Paare mit ähnlich langen Texten teilen sich einen Mikro-Batch, der nur bis zum Ende seines längsten Textes gelesen wird. Die Mikro-Batches sind so geordnet, dass Replikate, die mehrere nehmen, etwa gleich viel zu tun haben.</translation>
    </message>
    <message>
        <source>tokens</source>
        <translation>Tokens</translation>
    </message>
    <message>
        <source>Keyword share</source>
        <translation>Anteil Stichwörter</translation>
    </message>
    <message>
        <source>How often a training text is made of one or two keywords instead of the concept&apos;s name.</source>
        <translation>Wie oft ein Trainingstext aus ein oder zwei Stichwörtern statt aus dem Namen des Begriffs besteht.</translation>
    </message>
    <message>
        <source>Margin</source>
        <translation>Rand</translation>
    </message>
    <message>
        <source>Empty border left when pictures are cut to what is drawn, as a share of their side.</source>
        <translation>Leerer Rand, der bleibt, wenn Bilder auf das Gezeichnete beschnitten werden, als Anteil ihrer Seite.</translation>
    </message>
    <message>
        <source>Loader threads</source>
        <translation>Threads zum Laden</translation>
    </message>
    <message>
        <source>Threads that prepare batches ahead; the order does not depend on it.</source>
        <translation>Threads, die Stapel im Voraus vorbereiten; die Reihenfolge hängt nicht davon ab.</translation>
    </message>
    <message>
        <source>threads</source>
        <translation>Threads</translation>
    </message>
    <message>
        <source>Smallest zoom</source>
        <translation>Kleinste Größe</translation>
    </message>
    <message>
        <source>Pictures are drawn at a random size from here on.</source>
        <translation>Bilder werden in zufälliger Größe ab hier gezeichnet.</translation>
    </message>
    <message>
        <source>Largest zoom</source>
        <translation>Größte Größe</translation>
    </message>
    <message>
        <source>Pictures are drawn at a random size up to here.</source>
        <translation>Bilder werden in zufälliger Größe bis hier gezeichnet.</translation>
    </message>
    <message>
        <source>Rotation</source>
        <translation>Drehung</translation>
    </message>
    <message>
        <source>Pictures are turned by up to this to either side.</source>
        <translation>Bilder werden um bis zu so viel nach beiden Seiten gedreht.</translation>
    </message>
    <message>
        <source>degrees</source>
        <translation>Grad</translation>
    </message>
    <message>
        <source>Shift</source>
        <translation>Verschiebung</translation>
    </message>
    <message>
        <source>Pictures are moved by up to this share of their side.</source>
        <translation>Bilder werden um bis zu diesen Anteil ihrer Seite verschoben.</translation>
    </message>
    <message>
        <source>Stretch</source>
        <translation>Streckung</translation>
    </message>
    <message>
        <source>Width over height is changed by up to this natural logarithm either way.</source>
        <translation>Breite durch Höhe ändert sich um bis zu diesen natürlichen Logarithmus in beide Richtungen.</translation>
    </message>
    <message>
        <source>Shear</source>
        <translation>Scherung</translation>
    </message>
    <message>
        <source>Pictures lean by up to this either way.</source>
        <translation>Bilder neigen sich um bis zu so viel nach beiden Seiten.</translation>
    </message>
    <message>
        <source>Mirror</source>
        <translation>Spiegelung</translation>
    </message>
    <message>
        <source>How often a picture is mirrored.</source>
        <translation>Wie oft ein Bild gespiegelt wird.</translation>
    </message>
    <message>
        <source>Hue</source>
        <translation>Farbton</translation>
    </message>
    <message>
        <source>Colours are turned by up to this to either side.</source>
        <translation>Farben werden um bis zu so viel nach beiden Seiten gedreht.</translation>
    </message>
    <message>
        <source>Saturation</source>
        <translation>Sättigung</translation>
    </message>
    <message>
        <source>Strength of colour changes by up to this share.</source>
        <translation>Die Stärke der Farbe ändert sich um bis zu diesen Anteil.</translation>
    </message>
    <message>
        <source>Grey share</source>
        <translation>Anteil grauer</translation>
    </message>
    <message>
        <source>How often a picture loses its colours.</source>
        <translation>Wie oft ein Bild seine Farben verliert.</translation>
    </message>
    <message>
        <source>Brightness</source>
        <translation>Helligkeit</translation>
    </message>
    <message>
        <source>Brightness changes by up to this share.</source>
        <translation>Die Helligkeit ändert sich um bis zu diesen Anteil.</translation>
    </message>
    <message>
        <source>Colour cast</source>
        <translation>Farbstich</translation>
    </message>
    <message>
        <source>Red, green and blue change apart from one another by up to this share.</source>
        <translation>Rot, Grün und Blau ändern sich unabhängig voneinander um bis zu diesen Anteil.</translation>
    </message>
    <message>
        <source>Contrast</source>
        <translation>Kontrast</translation>
    </message>
    <message>
        <source>Contrast changes by up to this share.</source>
        <translation>Der Kontrast ändert sich um bis zu diesen Anteil.</translation>
    </message>
    <message>
        <source>White background</source>
        <translation>Weißer Grund</translation>
    </message>
    <message>
        <source>How often the background is white; otherwise it is any plain colour.</source>
        <translation>Wie oft der Hintergrund weiß ist; sonst hat er irgendeine einzelne Farbe.</translation>
    </message>
    <message>
        <source>Stroke</source>
        <translation>Strich</translation>
    </message>
    <message>
        <source>How often light or dark lines grow by a pixel, half of the time each.</source>
        <translation>Wie oft helle oder dunkle Linien um ein Pixel wachsen, je zur Hälfte.</translation>
    </message>
    <message>
        <source>Blur</source>
        <translation>Unschärfe</translation>
    </message>
    <message>
        <source>How often a picture is made softer or sharper.</source>
        <translation>Wie oft ein Bild weicher oder schärfer wird.</translation>
    </message>
    <message>
        <source>Cut-out</source>
        <translation>Ausschnitt</translation>
    </message>
    <message>
        <source>How often a rectangle is covered.</source>
        <translation>Wie oft ein Rechteck verdeckt wird.</translation>
    </message>
    <message>
        <source>Noise</source>
        <translation>Rauschen</translation>
    </message>
    <message>
        <source>Deviation of the grain that is added, in full brightness.</source>
        <translation>Abweichung des zugefügten Korns, gemessen an voller Helligkeit.</translation>
    </message>
    <message>
        <source>Family</source>
        <translation>Familie</translation>
    </message>
    <message>
        <source>Architecture: two_tower maps pictures and texts into one space.</source>
        <translation>Architektur: two_tower bildet Bilder und Texte in einen gemeinsamen Raum ab.</translation>
    </message>
    <message>
        <source>Embedding</source>
        <translation>Einbettung</translation>
    </message>
    <message>
        <source>Length of the vector that pictures and texts share.</source>
        <translation>Länge des Vektors, den Bilder und Texte teilen.</translation>
    </message>
    <message>
        <source>numbers</source>
        <translation>Zahlen</translation>
    </message>
    <message>
        <source>Stem</source>
        <translation>Stamm</translation>
    </message>
    <message>
        <source>Channels of the convolutions that read the picture, in order; each halves its side.</source>
        <translation>Kanäle der Faltungen, die das Bild lesen, der Reihe nach; jede halbiert seine Seite.</translation>
    </message>
    <message>
        <source>Picture width</source>
        <translation>Breite für Bilder</translation>
    </message>
    <message>
        <source>Width of the picture tower&apos;s transformer.</source>
        <translation>Breite des Transformers im Bildturm.</translation>
    </message>
    <message>
        <source>Picture depth</source>
        <translation>Tiefe für Bilder</translation>
    </message>
    <message>
        <source>Transformer blocks of the picture tower.</source>
        <translation>Transformerblöcke des Bildturms.</translation>
    </message>
    <message>
        <source>blocks</source>
        <translation>Blöcke</translation>
    </message>
    <message>
        <source>Picture heads</source>
        <translation>Köpfe für Bilder</translation>
    </message>
    <message>
        <source>Attention heads of the picture tower; they share the width evenly.</source>
        <translation>Attention-Köpfe des Bildturms; sie teilen sich die Breite zu gleichen Teilen.</translation>
    </message>
    <message>
        <source>heads</source>
        <translation>Köpfe</translation>
    </message>
    <message>
        <source>Text tower</source>
        <translation>Textturm</translation>
    </message>
    <message>
        <source>small: sized by the fields below, with the data set&apos;s own vocabulary. Otherwise the name of a prepared text encoder (athanor-run prepare minilm) or its folder in the Hugging Face layout: its architecture and vocabulary are taken.</source>
        <translation>small: so groß, wie die Felder darunter sagen, mit dem Wortschatz des Datensatzes. Sonst der Name eines vorbereiteten Textencoders (athanor-run prepare minilm) oder sein Ordner im Aufbau von Hugging Face: Architektur und Wortschatz werden übernommen.</translation>
    </message>
    <message>
        <source>Text width</source>
        <translation>Breite für Texte</translation>
    </message>
    <message>
        <source>Width of the text tower.</source>
        <translation>Breite des Textturms.</translation>
    </message>
    <message>
        <source>Text depth</source>
        <translation>Tiefe für Texte</translation>
    </message>
    <message>
        <source>Transformer blocks of the text tower.</source>
        <translation>Transformerblöcke des Textturms.</translation>
    </message>
    <message>
        <source>Text heads</source>
        <translation>Köpfe für Texte</translation>
    </message>
    <message>
        <source>Attention heads of the text tower; they share the width evenly.</source>
        <translation>Attention-Köpfe des Textturms; sie teilen sich die Breite zu gleichen Teilen.</translation>
    </message>
    <message>
        <source>Feed-forward</source>
        <translation>Feed-Forward</translation>
    </message>
    <message>
        <source>Width of the feed-forward layers as a multiple of the tower&apos;s width.</source>
        <translation>Breite der Feed-Forward-Schichten als Vielfaches der Breite des Turms.</translation>
    </message>
    <message>
        <source>Dropout</source>
        <translation>Dropout</translation>
    </message>
    <message>
        <source>Share of activations dropped while training.</source>
        <translation>Anteil der Aktivierungen, die beim Training ausfallen.</translation>
    </message>
    <message>
        <source>First temperature</source>
        <translation>Erste Temperatur</translation>
    </message>
    <message>
        <source>Where the learned temperature of the contrast starts; small tells answers apart harder.</source>
        <translation>Womit die gelernte Temperatur des Kontrasts beginnt; klein trennt Antworten schärfer.</translation>
    </message>
    <message>
        <source>First bias</source>
        <translation>Erster Bias</translation>
    </message>
    <message>
        <source>Where the learned bias of the sigmoid loss starts; low says that few pairs match.</source>
        <translation>Womit der gelernte Bias des Sigmoid-Verlusts beginnt; niedrig sagt, dass wenige Paare passen.</translation>
    </message>
    <message>
        <source>Steps</source>
        <translation>Schritte</translation>
    </message>
    <message>
        <source>How many batches are learnt from.</source>
        <translation>Aus wie vielen Stapeln gelernt wird.</translation>
    </message>
    <message>
        <source>steps</source>
        <translation>Schritte</translation>
    </message>
    <message>
        <source>Loss</source>
        <translation>Verlust</translation>
    </message>
    <message>
        <source>softmax: each picture picks its text among the batch, and each text its picture; sigmoid: every pair is judged alone.</source>
        <translation>softmax: Jedes Bild wählt im Stapel seinen Text und jeder Text sein Bild; sigmoid: Jedes Paar wird für sich beurteilt.</translation>
    </message>
    <message>
        <source>Learning rate</source>
        <translation>Lernrate</translation>
    </message>
    <message>
        <source>Height of the cosine schedule.</source>
        <translation>Höhe des Kosinusverlaufs.</translation>
    </message>
    <message>
        <source>Temperature&apos;s rate</source>
        <translation>Rate der Temperatur</translation>
    </message>
    <message>
        <source>The temperature learns this many times faster than the weights.</source>
        <translation>So viel schneller als die Gewichte lernt die Temperatur.</translation>
    </message>
    <message>
        <source>Rates of parts</source>
        <translation>Raten von Teilen</translation>
    </message>
    <message>
        <source>Factors on the learning rate by dotted path, as text_tower=0.1, image_tower.stem=0.5.</source>
        <translation>Faktoren der Lernrate nach Pfad, wie text_tower=0.1, image_tower.stem=0.5.</translation>
    </message>
    <message>
        <source>Warm-up</source>
        <translation>Anlauf</translation>
    </message>
    <message>
        <source>Steps in which the learning rate rises to the cosine, which falls from the first step on.</source>
        <translation>Schritte, in denen die Lernrate zum Kosinus ansteigt, der vom ersten Schritt an fällt.</translation>
    </message>
    <message>
        <source>Final share</source>
        <translation>Anteil am Ende</translation>
    </message>
    <message>
        <source>Share of the learning rate below which the schedule does not fall.</source>
        <translation>Anteil der Lernrate, unter den der Verlauf nicht fällt.</translation>
    </message>
    <message>
        <source>Optimizer</source>
        <translation>Optimierer</translation>
    </message>
    <message>
        <source>How gradients move weights: AdamW, LAMB for very large batches, or momentum alone.</source>
        <translation>Wie Gradienten die Gewichte bewegen: AdamW, LAMB für sehr große Stapel, oder Momentum allein.</translation>
    </message>
    <message>
        <source>Weight decay</source>
        <translation>Weight Decay</translation>
    </message>
    <message>
        <source>How strongly weights are pulled towards zero; biases, gains and positions are spared.</source>
        <translation>Wie stark Gewichte zur Null gezogen werden; Bias, Verstärkungen und Positionen bleiben verschont.</translation>
    </message>
    <message>
        <source>Gradient limit</source>
        <translation>Gradientengrenze</translation>
    </message>
    <message>
        <source>Gradients are scaled down to this norm; 0 leaves them as they are.</source>
        <translation>Auf diese Norm werden Gradienten verkleinert; 0 lässt sie, wie sie sind.</translation>
    </message>
    <message>
        <source>Beta 1</source>
        <translation>Beta 1</translation>
    </message>
    <message>
        <source>AdamW&apos;s and LAMB&apos;s memory of the gradient.</source>
        <translation>Das Gedächtnis von AdamW und LAMB für den Gradienten.</translation>
    </message>
    <message>
        <source>Beta 2</source>
        <translation>Beta 2</translation>
    </message>
    <message>
        <source>AdamW&apos;s and LAMB&apos;s memory of its square.</source>
        <translation>Das Gedächtnis von AdamW und LAMB für dessen Quadrat.</translation>
    </message>
    <message>
        <source>Epsilon</source>
        <translation>Epsilon</translation>
    </message>
    <message>
        <source>Keeps AdamW and LAMB from dividing by nothing.</source>
        <translation>Bewahrt AdamW und LAMB davor, durch nichts zu teilen.</translation>
    </message>
    <message>
        <source>Momentum</source>
        <translation>Momentum</translation>
    </message>
    <message>
        <source>SGD&apos;s memory of the gradient.</source>
        <translation>Das Gedächtnis von SGD für den Gradienten.</translation>
    </message>
    <message>
        <source>Nesterov</source>
        <translation>Nesterov</translation>
    </message>
    <message>
        <source>SGD takes the gradient as if the momentum had moved it already.</source>
        <translation>SGD nimmt den Gradienten, als hätte das Momentum schon bewegt.</translation>
    </message>
    <message>
        <source>Device</source>
        <translation>Gerät</translation>
    </message>
    <message>
        <source>Where it is computed; auto takes a GPU where this build and machine have one.</source>
        <translation>Wo gerechnet wird; auto nimmt eine GPU, wenn Programm und Maschine eine haben.</translation>
    </message>
    <message>
        <source>Threads</source>
        <translation>Threads</translation>
    </message>
    <message>
        <source>Threads that compute; 0 takes every core this process may use.</source>
        <translation>Threads, die rechnen; 0 nimmt jeden Kern, den dieser Prozess benutzen darf.</translation>
    </message>
    <message>
        <source>Weights</source>
        <translation>Gewichte</translation>
    </message>
    <message>
        <source>Prepared text encoder or folder whose weights the text tower starts from; empty starts from random numbers.</source>
        <translation>Vorbereiteter Textencoder oder Ordner, mit dessen Gewichten der Textturm beginnt; leer beginnt mit Zufallszahlen.</translation>
    </message>
    <message>
        <source>Frozen</source>
        <translation>Eingefroren</translation>
    </message>
    <message>
        <source>Dotted paths of what does not learn, each with everything beneath it; * stands for any characters.</source>
        <translation>Pfade dessen, was nicht lernt, jeweils mit allem darunter; * steht für beliebige Zeichen.</translation>
    </message>
    <message>
        <source>Adapter rank</source>
        <translation>Adapterrang</translation>
    </message>
    <message>
        <source>Rank of the low-rank adapters that learn in place of their layers&apos; weights; 0 adds none.</source>
        <translation>Rang der Low-Rank-Adapter, die anstelle der Gewichte ihrer Schichten lernen; 0 fügt keine hinzu.</translation>
    </message>
    <message>
        <source>Adapter strength</source>
        <translation>Adapterstärke</translation>
    </message>
    <message>
        <source>What an adapter adds is multiplied by this over its rank.</source>
        <translation>Was ein Adapter hinzufügt, wird hiermit durch seinen Rang multipliziert.</translation>
    </message>
    <message>
        <source>Adapter dropout</source>
        <translation>Adapter-Dropout</translation>
    </message>
    <message>
        <source>Share of an adapter&apos;s inputs dropped while training.</source>
        <translation>Anteil der Eingaben eines Adapters, die beim Training ausfallen.</translation>
    </message>
    <message>
        <source>Adapted</source>
        <translation>Angepasst</translation>
    </message>
    <message>
        <source>Dotted paths whose linear layers get adapters, written as finetune.freeze.</source>
        <translation>Pfade, deren lineare Schichten Adapter bekommen, geschrieben wie finetune.freeze.</translation>
    </message>
    <message>
        <source>Decay by layer</source>
        <translation>Abfall je Schicht</translation>
    </message>
    <message>
        <source>Each block of the text encoder learns this many times as fast as the one above it.</source>
        <translation>So viel mal so schnell wie der Block über ihm lernt jeder Block des Textencoders.</translation>
    </message>
    <message>
        <source>Number format</source>
        <translation>Zahlenformat</translation>
    </message>
    <message>
        <source>Format in which products and activations are computed; parameters stay fp32, and dynamic chooses for each layer while training.</source>
        <translation>Format, in dem Produkte und Aktivierungen gerechnet werden; Parameter bleiben fp32, und dynamic wählt beim Training für jede Schicht.</translation>
    </message>
    <message>
        <source>Error budget</source>
        <translation>Fehlerbudget</translation>
    </message>
    <message>
        <source>Relative error of products, averaged by their work, that dynamic may spend on lower formats.</source>
        <translation>Relativer Fehler der Produkte, nach ihrer Arbeit gemittelt, den dynamic für niedrigere Formate ausgeben darf.</translation>
    </message>
    <message>
        <source>Loss budget</source>
        <translation>Verlustbudget</translation>
    </message>
    <message>
        <source>Relative change of a step&apos;s loss, summed over all layers, that dynamic may spend on lower formats.</source>
        <translation>Relative Änderung des Verlusts eines Schrittes, über alle Schichten summiert, die dynamic für niedrigere Formate ausgeben darf.</translation>
    </message>
    <message>
        <source>Decide every</source>
        <translation>Entscheiden alle</translation>
    </message>
    <message>
        <source>Distance between measurements and decisions of dynamic.</source>
        <translation>Abstand zwischen Messungen und Entscheidungen von dynamic.</translation>
    </message>
    <message>
        <source>Alarming loss</source>
        <translation>Alarmierender Verlust</translation>
    </message>
    <message>
        <source>How far a loss may rise above its moving mean before dynamic goes back to a copy in memory and computes in bf16 for a while.</source>
        <translation>Wie weit ein Verlust über sein gleitendes Mittel steigen darf, ehe dynamic zu einer Kopie im Speicher zurückgeht und eine Weile in bf16 rechnet.</translation>
    </message>
    <message>
        <source>deviations</source>
        <translation>Abweichungen</translation>
    </message>
    <message>
        <source>Steps in bf16</source>
        <translation>Schritte in bf16</translation>
    </message>
    <message>
        <source>How long dynamic stays in bf16 after an alarming loss.</source>
        <translation>Wie lange dynamic nach einem alarmierenden Verlust in bf16 bleibt.</translation>
    </message>
    <message>
        <source>Repeat decisions of</source>
        <translation>Entscheidungen wie</translation>
    </message>
    <message>
        <source>Folder of a run whose decisions dynamic repeats to the bit instead of deciding.</source>
        <translation>Ordner eines Laufs, dessen Entscheidungen dynamic bis aufs Bit wiederholt, statt zu entscheiden.</translation>
    </message>
    <message>
        <source>Master weights</source>
        <translation>Urgewichte</translation>
    </message>
    <message>
        <source>What the weights of products learn in; in bf16, small steps are kept by rounding at random or by a second bf16 number.</source>
        <translation>Worin die Gewichte von Produkten lernen; in bf16 bleiben kleine Schritte durch zufälliges Runden oder eine zweite bf16-Zahl erhalten.</translation>
    </message>
    <message>
        <source>Moments</source>
        <translation>Momente</translation>
    </message>
    <message>
        <source>Format of AdamW&apos;s memories of the gradient and its square.</source>
        <translation>Format, in dem sich AdamW den Gradienten und sein Quadrat merkt.</translation>
    </message>
    <message>
        <source>Key blocks</source>
        <translation>Schlüsselblöcke</translation>
    </message>
    <message>
        <source>Blocks at each end of a stack that stay out of FP8.</source>
        <translation>Blöcke an beiden Enden eines Turms, die nicht in FP8 gerechnet werden.</translation>
    </message>
    <message>
        <source>Exact scales</source>
        <translation>Genaue Skalen</translation>
    </message>
    <message>
        <source>FP8 scales are any fp32 number instead of powers of two.</source>
        <translation>Skalen für FP8 sind beliebige fp32-Zahlen statt Zweierpotenzen.</translation>
    </message>
    <message>
        <source>History</source>
        <translation>Rückblick</translation>
    </message>
    <message>
        <source>Steps whose largest magnitudes decide the scales of fp8-delayed.</source>
        <translation>Schritte, deren größte Beträge die Skalen von fp8-delayed bestimmen.</translation>
    </message>
    <message>
        <source>Loss scale</source>
        <translation>Verlustskala</translation>
    </message>
    <message>
        <source>Power of two that fp16 multiplies the loss by at first, so that small gradients are not lost.</source>
        <translation>Zweierpotenz, mit der fp16 den Verlust anfangs multipliziert, damit kleine Gradienten nicht verloren gehen.</translation>
    </message>
    <message>
        <source>Scale grows after</source>
        <translation>Skala wächst nach</translation>
    </message>
    <message>
        <source>Steps without overflow after which fp16 doubles the loss scale.</source>
        <translation>Schritte ohne Überlauf, nach denen fp16 die Verlustskala verdoppelt.</translation>
    </message>
    <message>
        <source>Replicas</source>
        <translation>Kopien</translation>
    </message>
    <message>
        <source>Copies of the model that share each batch, each a process of its own.</source>
        <translation>Kopien des Modells, die sich jeden Stapel teilen, jede ein eigener Prozess.</translation>
    </message>
    <message>
        <source>ranks</source>
        <translation>Ränge</translation>
    </message>
    <message>
        <source>Tensor shards</source>
        <translation>Tensorteile</translation>
    </message>
    <message>
        <source>Ranks that share the model's large matrices: a part of the attention heads, the feed-forward width and the vocabulary each.</source>
        <translation>Ränge, die sich die großen Matrizen des Modells teilen: jeder hat einen Teil der Aufmerksamkeitsköpfe, der inneren Breite und des Wortschatzes.</translation>
    </message>
    <message>
        <source>Split tokens</source>
        <translation>Tokens aufteilen</translation>
    </message>
    <message>
        <source>Whether those ranks also share the tokens between the matrices, which needs less memory.</source>
        <translation>Ob diese Ränge sich zwischen den Matrizen auch die Tokens teilen, was weniger Speicher braucht.</translation>
    </message>
    <message>
        <source>Pipeline ranks</source>
        <translation>Pipeline-Ränge</translation>
    </message>
    <message>
        <source>Ranks that share the layers, each with one or two stages of the model.</source>
        <translation>Ränge, die sich die Schichten teilen, jeder mit einer oder zwei Stufen des Modells.</translation>
    </message>
    <message>
        <source>Schedule</source>
        <translation>Ablauf</translation>
    </message>
    <message>
        <source>Order in which pipeline stages work on micro-batches: interleaved, zb-v, v-half and v-min give each rank two stages, search looks for the fastest with the memory of 1f1b.</source>
        <translation>Reihenfolge, in der Stufen der Pipeline an Mikrostapeln arbeiten: interleaved, zb-v, v-half und v-min geben jedem Rang zwei Stufen, search sucht die schnellste mit dem Speicher von 1f1b.</translation>
    </message>
    <message>
        <source>Micro-batches</source>
        <translation>Mikrostapel</translation>
    </message>
    <message>
        <source>Parts a batch is cut into, of all replicas together: less memory, more time.</source>
        <translation>Teile, in die ein Stapel zerlegt wird, aller Kopien zusammen: weniger Speicher, mehr Zeit.</translation>
    </message>
    <message>
        <source>Sharded state</source>
        <translation>Geteilter Zustand</translation>
    </message>
    <message>
        <source>What replicas hold only a part of: the optimizer's state, then the gradients, then the parameters too. The numbers stay the same.</source>
        <translation>Wovon Kopien nur einen Teil halten: vom Zustand des Optimierers, dann von den Gradienten, dann auch von den Parametern. Die Zahlen bleiben dieselben.</translation>
    </message>
    <message>
        <source>Gradient exchange</source>
        <translation>Gradiententausch</translation>
    </message>
    <message>
        <source>Number format in which replicas exchange gradients.</source>
        <translation>Zahlenformat, in dem Kopien Gradienten tauschen.</translation>
    </message>
    <message>
        <source>s</source>
        <translation>s</translation>
    </message>
    <message>
        <source>Balance</source>
        <translation>Lastausgleich</translation>
    </message>
    <message>
        <source>Whether work is shared out again at checkpoints by what it was measured to take: micro-batches between replicas where one is slow, or in a pipeline layers between stages. The numbers stay those of one process.</source>
        <translation>Ob Arbeit an Sicherungen neu verteilt wird, nach dem, was sie gemessen gedauert hat: Mikro-Batches zwischen Replikaten, wenn eines langsam ist, oder in einer Pipeline Schichten zwischen Stufen. Die Zahlen bleiben die eines einzigen Prozesses.</translation>
    </message>
    <message>
        <source>Deadline</source>
        <translation>Frist</translation>
    </message>
    <message>
        <source>How long ranks wait for one another in an exchange; one that has been stopped is then replaced.</source>
        <translation>Wie lange Ränge bei einem Austausch aufeinander warten; einer, der angehalten wurde, wird dann ersetzt.</translation>
    </message>
    <message>
        <source>Checkpoint every</source>
        <translation>Sichern alle</translation>
    </message>
    <message>
        <source>Distance between checkpoints; 0 writes one at the end only.</source>
        <translation>Abstand zwischen Sicherungspunkten; 0 schreibt nur am Ende einen.</translation>
    </message>
    <message>
        <source>Checkpoints kept</source>
        <translation>Behaltene</translation>
    </message>
    <message>
        <source>How many of the newest checkpoints stay on the disk.</source>
        <translation>Wie viele der neuesten Sicherungspunkte auf der Platte bleiben.</translation>
    </message>
    <message>
        <source>Copies in memory</source>
        <translation>Kopien im Speicher</translation>
    </message>
    <message>
        <source>Where ranks share the state, each keeps its part of the last two steps in memory that outlives it, twice what it holds: when a rank is lost, one step is taken again instead of all since the last checkpoint.</source>
        <translation>Wo Ränge den Zustand teilen, behält jeder seinen Teil der letzten zwei Schritte in Speicher, der ihn überdauert, doppelt so viel wie er hält: Geht ein Rang verloren, wird ein Schritt wiederholt statt aller seit dem letzten Sicherungspunkt.</translation>
    </message>
    <message>
        <source>checkpoints</source>
        <translation>Punkte</translation>
    </message>
    <message>
        <source>Evaluate every</source>
        <translation>Bewerten alle</translation>
    </message>
    <message>
        <source>Distance between evaluations; 0 evaluates at the start and the end only.</source>
        <translation>Abstand zwischen Bewertungen; 0 bewertet nur am Anfang und am Ende.</translation>
    </message>
    <message>
        <source>Probes</source>
        <translation>Probeanfragen</translation>
    </message>
    <message>
        <source>Fixed queries in each direction whose best answers are recorded at every evaluation.</source>
        <translation>Feste Anfragen in jeder Richtung, deren beste Antworten bei jeder Bewertung festgehalten werden.</translation>
    </message>
    <message>
        <source>queries</source>
        <translation>Anfragen</translation>
    </message>
</context>
</TS>
