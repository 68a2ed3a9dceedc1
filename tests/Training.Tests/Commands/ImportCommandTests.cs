using Fovea.Models.Architectures;
using Fovea.Models.Runtime;
using Fovea.Models.Weights;

namespace Fovea.Training.Tests.Commands;

[Trait("Needs", "time")]
public sealed class ImportCommandTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public static TheoryData<string, string> BadCommands => new()
    {
        { "import lenet6 WEIGHTS -o OUT", "There is no architecture lenet6" },
        { "import lenet5 missing.pth -o OUT", "There is no file 'missing.pth'" },
        { "import lenet5 TEXT -o OUT", "is not an ONNX file" },
        { "import alexnet WEIGHTS -o OUT", "are not those of alexnet: missing: features.0.weight" },
        { "import lenet5 WEIGHTS --classes 1 -o OUT", "1 classes; expected 2 to 100000" },
        { "import lenet5 WEIGHTS --labels THREE -o OUT", "There are 3 labels for 10 classes" },
        { "import lenet5 WEIGHTS --labels missing.txt -o OUT", "missing.txt" },
        { "import lenet5 WEIGHTS -o TEXT/model.onnx", "cannot be written" },
        { "import lenet5 WEIGHTS", "--output" },
        {
            "weights get lenet5 -o OUT",
            "The network is lenet5, for which torchvision publishes no weights; expected one of alexnet-torchvision"
        },
        {
            "weights get lenet6 -o OUT",
            "The network is lenet6, for which torchvision publishes no weights; expected one of alexnet-torchvision"
        },
    };

    public void Dispose() => folder.Dispose();

    [Theory, MemberData(nameof(BadCommands))]
    public void Bad_input_is_one_sentence_on_standard_error_and_leaves_nothing_behind(string command, string sentence)
    {
        WriteFiles();
        var before = Directory.GetFiles(folder.Path).Order().ToArray();
        var (exitCode, _, error) = CommandLineProcess.Run(Words(command));
        Assert.NotEqual(0, exitCode);
        Assert.Contains(sentence, error, StringComparison.Ordinal);
        Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(before, Directory.GetFiles(folder.Path).Order());
    }

    [Fact]
    public void Imported_file_has_the_weights_the_labels_and_a_new_last_layer()
    {
        WriteFiles();
        var (exitCode, output, error) = CommandLineProcess.Run(Words("import lenet5 WEIGHTS -o OUT"));
        Assert.True(exitCode == 0, error);
        Assert.Contains("10 classes, weights from WEIGHTS", output, StringComparison.Ordinal);
        using (var model = Classifier.Load(folder["OUT"]))
        {
            Assert.Equal((10, true, "WEIGHTS"), (model.Classes, model.Trained, model.Metadata.Training!.Source!.File));
        }

        Assert.Contains(
            "untrained last layer",
            CommandLineProcess.Run(Words("import lenet5 WEIGHTS --classes 3 --labels THREE -o OUT")).Output,
            StringComparison.Ordinal);
        using var anew = Classifier.Load(folder["OUT"]);
        Assert.Equal((3, false), (anew.Classes, anew.Trained));
        Assert.Equal(["cat", "dog", "horse"], anew.Labels);
    }

    private void WriteFiles()
    {
        File.WriteAllText(folder["TEXT"], "some text");
        File.WriteAllText(folder["THREE"], "cat\ndog\nhorse\n");
        SafetensorsFile.Write(
            folder["WEIGHTS"],
            new Dictionary<string, string>(),
            [.. Catalog.Find("lenet5").Build(seed: 3).Initializers.Select(i => (i.Key.Name, i.Value))]);
    }

    private string[] Words(string command) =>
    [
        .. command.Split(' ').Select(word => word.Split('/')[0] is "TEXT" or "THREE" or "WEIGHTS" or "OUT" ? folder[word] : word),
    ];
}
