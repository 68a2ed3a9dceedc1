using System.CommandLine;
using System.Text.Json;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Metadata;
using Fovea.Models.TrainingEvents;
using Fovea.Training.Commands;

namespace Fovea.Training.Tests.Commands;

/// <summary>Fine-tuning without a file, by the built-in base or by a name.</summary>
public sealed class PretrainedBaseTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    [Trait("Needs", "time")]
    public void Without_a_model_the_built_in_base_learns_and_the_result_is_published()
    {
        for (int i = 0; i < 8; i++)
        {
            Images.Write(folder[$"data/dark/{i}.png"], (byte)(10 + i));
            Images.Write(folder[$"data/light/{i}.png"], (byte)(200 + i));
        }

        string[] command =
        [
            "finetune", "--data", folder["data"], "-o", folder["mine.onnx"], "--publish", "mine", "--repository", folder["repository"],
        ];
        for (int version = 1; version <= 2; version++)
        {
            var (code, output, error) = CommandLineProcess.Run(command);
            Assert.True(code == 0, error);
            Assert.Contains($"published: mine version {version}", output, StringComparison.Ordinal);
            Assert.Equal(
                File.ReadAllBytes(folder["mine.onnx"]), File.ReadAllBytes(folder[$"repository/mine/{version}/model.onnx"]));
        }

        Assert.Equal("resnet18-mlnet", ModelMetadata.Read(OnnxFile.Read(folder["mine.onnx"]).Metadata).Training!.Base!.File);
        Assert.Equal(["1", "2"], Directory.GetFileSystemEntries(folder["repository/mine"]).Select(Path.GetFileName).Order());
        Assert.Equal(["mine"], Directory.GetFileSystemEntries(folder["repository"]).Select(Path.GetFileName));

        Images.Write(folder["data/middle/1.png"], 100);
        Images.Write(folder["data/middle/2.png"], 101);
        var refused = CommandLineProcess.Run(command);
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("has the classes dark, light, and the data set has dark, light, middle", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Published_base_that_cannot_be_downloaded_is_an_error_that_names_the_built_in_one()
    {
        var arguments = new BaseArguments();
        var parsed = new Command("finetune") { arguments.FileOrName, arguments.Weights }
            .Parse(["resnet18", "--weights", folder["weights"]]);
        var told = new List<TrainingEvent>();
        var refused = Assert.Throws<FoveaException>(() =>
            arguments.Read(parsed, null, new Uri("http://127.0.0.1:1/"), told.Add, TestContext.Current.CancellationToken));
        Assert.Equal(ErrorCode.DownloadFailed, refused.Code);
        Assert.EndsWith(
            "expected a connection, or finetune without a name, which uses resnet18-mlnet and needs no network.", refused.Message,
            StringComparison.Ordinal);
        Assert.Contains("resnet18 is downloaded once", Assert.IsType<BaseDownload>(told[0]).Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(folder["weights"]));
    }

    [Fact]
    public void Base_that_was_downloaded_is_used_without_a_network()
    {
        var network = Fovea.Models.Architectures.Catalog.Find("squeezenet1_1").Build();
        Directory.CreateDirectory(folder["weights"]);
        OnnxFile.Write(network, folder["weights/squeezenet1_1.onnx"]);
        var arguments = new BaseArguments();
        var parsed = new Command("finetune") { arguments.FileOrName, arguments.Weights }
            .Parse(["squeezenet1_1", "--weights", folder["weights"]]);
        var model = arguments.Read(parsed, null, new Uri("http://127.0.0.1:1/"), _ => { }, TestContext.Current.CancellationToken);
        Assert.Equal("squeezenet1_1.onnx", model.File.File);

        var (code, output, _) = CommandLineProcess.Run("pretrained", "--json", "--weights", folder["weights"]);
        Assert.Equal(0, code);
        var states = JsonDocument.Parse(output).RootElement.EnumerateArray()
            .ToDictionary(known => known.GetProperty("name").GetString()!, known => known.GetProperty("state").GetString());
        Assert.Equal(
            ("built-in", "downloaded", "to download"), (states["resnet18-mlnet"], states["squeezenet1_1"], states["resnet18"]));
    }
}
