using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Fovea.Models.Architectures;
using Fovea.Models.Graphs;
using Fovea.Models.Runtime;
using Fovea.Models.TrainingEvents;

namespace Fovea.Training.Tests.Commands;

[Trait("Needs", "time")]
public sealed class CommandLineTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public static TheoryData<string, string> BadCommands => new()
    {
        { "", "The command after fovea is missing; expected models" },
        { "trian lenet5", "trian is not a command of fovea; expected models, summary, build, import, adopt, train, finetune, "
            + "pretrained, evaluate, quantize, compare, classify, explain, data, weights or benchmark. Did you mean train?" },
        { "train lenet5 --epoch 5", "--epoch is not an option of fovea train. Did you mean --epochs?" },
        { "classify MODEL x.png --tops 2", "--tops is not an option of fovea classify. Did you mean --top?" },
        { "classify MODEL x.png --top 0", "--top is 0; expected 1 to 100000." },
        { "train lenet5", "fovea train lacks --data, --output." },
        { "classify vgg16 x.png", "vgg16 is a network of the catalog, not a model file; expected an .onnx file." },
        { "classify MODEL FOLDER", "FOLDER holds no images; expected JPEG, PNG, WebP, BMP or GIF files, or --recursive" },
        { "evaluate FOLDER --data MNIST", "is a folder; expected an .onnx file." },
        { "dance", "dance" },
        { "train lenet5 --data /no/such/folder -o OUT", "The folder /no/such/folder does not exist; expected a data set" },
        { "train lenet6 --data MNIST -o OUT", "There is no architecture lenet6; expected one of lenet5" },
        { "train lenet5 --data MNIST -o OUT --epochs 0", "The number of epochs is 0; expected 1 to" },
        { "train lenet5 --data MNIST -o OUT --epochs ten", "--epochs is ten; expected a whole number." },
        { "train lenet5 --data MNIST -o OUT --learning-rate -1", "The learning rate is -1" },
        { "train lenet5 --data MNIST -o OUT --optimizer lion", "--optimizer is lion; expected adam, adamw or sgd." },
        { "train lenet5 --data MNIST -o OUT --optimizer adamw --nesterov", "The optimizer is adamw, which has no momentum" },
        { "train lenet5 --data MNIST -o OUT --schedule linear", "linear" },
        { "train lenet5 --data MNIST -o OUT --warm-up 0.6", "The warm-up is 0.6; expected" },
        { "train lenet5 --data MNIST -o OUT --label-smoothing 1", "The label smoothing is 1; expected 0 to less than 1" },
        { "train lenet5 --data MNIST -o OUT --clip 0", "The largest gradient norm is 0; expected more than 0" },
        { "train lenet5 --data MNIST -o OUT --averaging 1", "The decay of the weight average is 1; expected 0 to less than 1" },
        {
            "train lenet5 --data MNIST -o OUT --batch-size 64 --micro-batch 48",
            "The micro-batch is 48 images; expected a divisor of the batch size, 64"
        },
        { "train lenet5 --data MNIST -o OUT --patience 0", "The patience is 0 epochs" },
        { "train lenet5 --data MNIST -o OUT --augmentation digits,rotation=200", "rotation=200" },
        { "train lenet5 --data MNIST -o OUT --checkpoint-seconds -1", "--checkpoint-seconds is -1; expected 0 to 86400" },
        { "train lenet5 --data MNIST -o OUT --input 28", "The input size is 28" },
        { "train lenet5 --data MNIST -o FILE/model.onnx", "FILE/model.onnx cannot be written" },
        { "train lenet5 --data MNIST -o FOLDER", "cannot be written" },
        { "train lenet5 --data MNIST", "--output" },
        { "train lenet5 --data TRUNCATED -o OUT", "train-images-idx3-ubyte.gz ends before its last element" },
        { "train lenet5 --data MNIST -o OUT --device tpu", "tpu" },
        { "train lenet5 --data MNIST -o OUT --device cuda", "Device is cuda, but " },
        { "finetune MODEL --data MNIST -o OUT --device cuda", "Device is cuda, but " },
        { "benchmark lenet5 --train --device cuda", "Device is cuda, but " },
        { "finetune FILE --data MNIST -o OUT", "is not an ONNX file" },
        { "finetune MODEL --data MNIST -o FILE/model.onnx", "FILE/model.onnx cannot be written" },
        { "finetune MODEL --data MNIST -o OUT --method magic", "magic" },
        { "finetune MODEL --data MNIST", "fovea finetune lacks --output or --publish." },
        { "finetune MODEL --data MNIST -o OUT --minutes -1", "--minutes is -1; expected 0 to 10080." },
        { "finetune MODEL --data MNIST -o OUT --class-weights FILE", "FILE is not valid at $, line 1; expected balanced, none, or" },
        { "finetune MODEL --data MNIST -o OUT --publish a/b", "--publish is a/b; expected 1 to 100 characters" },
        { "finetune resnet-18 --data MNIST -o OUT", "resnet-18 is neither a file nor a pretrained base (did you mean resnet18?)" },
        { "finetune lenet5 --data MNIST -o OUT", "lenet5 is a network of the catalog for which no weights are published" },
        { "finetune --data MNIST -o OUT --preprocessing unit", "resnet18-mlnet has its own preprocessing" },
        { "finetune MODEL --data MNIST -o OUT --method full --clip 0", "The largest gradient norm is 0; expected more than 0" },
        { "finetune MODEL --data MNIST -o OUT --preprocessing missing.json", "The preprocessing file missing.json does not exist" },
        { "finetune MODEL --data /no/such/folder -o OUT", "The folder /no/such/folder does not exist; expected a data set" },
        { "build lenet5 -o FILE/model.onnx", "FILE/model.onnx cannot be written" },
        { "build lenet5 --classes 1 -o OUT", "1 classes; expected 2 to 100000" },
        { "build lenet5 --input 1x9x9 -o OUT", "cannot take an input of [1, 9, 9]" },
        { "build lenet5 --input 28 -o OUT", "The input size is 28" },
        { "build lenet5 --input 2x28x28 -o OUT", "[2, 28, 28]" },
        { "summary lenet6", "lenet6 is neither" },
        { "summary FILE", "is not an ONNX file" },
        { "summary MODEL --classes 7", "cannot change" },
        { "summary MODEL --stem small", "cannot change" },
        { "build vgg16 --stem small -o OUT", "vgg16 has no small stem; expected one of resnet18, resnet34" },
        { "summary vgg16 --auxiliary", "has no auxiliary heads" },
        { "evaluate FILE --data MNIST", "is not an ONNX file" },
        { "compare FILE FILE", "FILE is not JSON; expected a file FILE.report.json, which train and finetune write" },
        { "compare missing.report.json FILE", "missing.report.json cannot be read: " },
        { "compare", "fovea compare lacks" },
        { "evaluate missing.onnx --data MNIST", "missing.onnx does not exist; expected an .onnx file." },
        { "evaluate MODEL --data /no/such/folder", "/no/such/folder" },
        { "classify MODEL missing.png", "missing.png" },
        { "classify MODEL FILE", "FILE" },
        { "benchmark lenet5 --steps 0", "--steps is 0; expected 1" },
        { "data get imagenet", "imagenet" },
        {
            "quantize MODEL --data MNIST -o OUT --type fp16 --weight-bits 7 --minutes 1",
            "--weight-bits and --minutes have no effect, because --type is fp16; expected only with --type int8."
        },
        {
            "finetune MODEL --data MNIST -o OUT --method full --minutes 1",
            "--minutes has no effect, because --method is full; expected only with --method auto."
        },
        {
            "finetune MODEL --data MNIST -o OUT --repository onnx",
            "--repository has no effect, because --publish is not given; expected only with --publish."
        },
        { "finetune MODEL --data MNIST -o OUT --weights data", "is a file; expected only with the name of a pretrained base." },
        { "finetune --data MNIST -o OUT --weights data", "--weights has no effect, because the base is the built-in one; expected only" },
        { "data check MNIST --weights data", "--weights has no effect, because the base is the built-in one; expected only with the name" },
        { "data check MNIST --base missing.onnx --weights data", "--weights has no effect, because missing.onnx is a file" },
        { "explain MODEL FILE --images 3", "--images has no effect, because --judge is not given; expected only with --judge." },
        { "explain MODEL --judge MNIST -o OUT", "--output has no effect, because --judge writes no pictures; expected only without" },
        { "summary lenet5 --svg --json", "--json has no effect, because --svg prints a picture; expected only without --svg." },
    };

    [Theory, MemberData(nameof(BadCommands))]
    public void Bad_input_is_one_sentence_on_standard_error_and_leaves_nothing_behind(string command, string sentence)
    {
        File.WriteAllText(folder["FILE"], "some text");
        OnnxFile.Write(Catalog.Find("lenet5").Build(), folder["MODEL"]);
        Directory.CreateDirectory(folder["FOLDER"]);
        Directory.CreateDirectory(folder["TRUNCATED"]);
        foreach (var source in Directory.GetFiles(Mnist.Folder))
        {
            var bytes = File.ReadAllBytes(source);
            File.WriteAllBytes(
                Path.Combine(folder["TRUNCATED"], Path.GetFileName(source)),
                source.Contains("train-images", StringComparison.Ordinal) ? bytes[..^1000] : bytes);
        }

        var before = Directory.GetFiles(folder.Path, "*", SearchOption.AllDirectories);
        string[] places = ["FILE", "MODEL", "FOLDER", "TRUNCATED", "OUT"];
        var (exitCode, output, error) = CommandLineProcess.Run([.. command.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(word =>
            word == "MNIST" ? Mnist.Folder : places.Contains(word.Split('/')[0]) ? folder[word] : word)]);

        Assert.NotEqual(0, exitCode);
        Assert.Contains(sentence.Replace("FILE/", folder["FILE/"], StringComparison.Ordinal), error, StringComparison.Ordinal);
        Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.DoesNotContain("   at ", output + error, StringComparison.Ordinal);
        Assert.Equal(before.Order(), Directory.GetFiles(folder.Path, "*", SearchOption.AllDirectories).Order());
    }

    [Fact]
    public void A_network_is_trained_evaluated_and_used()
    {
        var file = folder["deep/er/model.onnx"];
        var trained = CommandLineProcess.Run("train", "lenet5", "--data", Mnist.Folder, "--epochs", "3", "--batch-size", "64", "-o", file);
        Assert.True(trained.ExitCode == 0, trained.Error);
        Assert.Contains("epoch 3: loss", trained.Output, StringComparison.Ordinal);
        Assert.Matches(
            @"^recipe for \d+ images of handwriting, 28x28 pixels as they are stored: augmentation none,rotation=12,scale=0\.15,"
                + @"shift=0\.08; cosine schedule after a warm-up of 20 % of the steps; label smoothing 0\.02\r?\n",
            trained.Output);

        var evaluated = CommandLineProcess.Run("evaluate", file, "--data", Mnist.Folder, "--json");
        var report = JsonDocument.Parse(evaluated.Output).RootElement;
        Assert.InRange(report.GetProperty("accuracy").GetDouble(), 0.9, 1);
        Assert.InRange(report.GetProperty("top5").GetDouble(), 0.98, 1);
        Assert.Equal(1000, report.GetProperty("classes").EnumerateArray().Sum(c => c.GetProperty("support").GetInt32()));
        Assert.Equal(10, report.GetProperty("confusion").GetArrayLength());
        Assert.Contains("accuracy", CommandLineProcess.Run("evaluate", file, "--data", Mnist.Folder).Output, StringComparison.Ordinal);

        Images.Write(folder["blank.png"], 0);
        var classified = CommandLineProcess.Run("classify", file, folder["blank.png"], folder["blank.png"]);
        Assert.Equal(0, classified.ExitCode);
        Assert.Equal(2, classified.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Fact]
    public void Fine_tuning_of_a_head_names_the_options_without_effect()
    {
        OnnxFile.Write(Catalog.Find("lenet5").Build(), folder["base.onnx"]);
        var (exitCode, output, error) = CommandLineProcess.Run(
            "finetune", folder["base.onnx"], "--data", Mnist.Folder, "--method", "head", "--epochs", "3", "--batch-size", "8", "-o",
            folder["model.onnx"]);
        Assert.True(exitCode == 0, error);
        Assert.Contains("--epochs, --batch-size: no effect", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Json_lines_are_one_event_each_and_end_with_the_file()
    {
        var (exitCode, output, error) = RunHoldingInput(
            "train", "lenet5", "--data", Mnist.Folder, "--epochs", "1", "--json-lines", "-o", folder["model.onnx"]);
        Assert.True(exitCode == 0, error);
        var reader = new TrainingEventReader();
        var events = output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(reader.Read).ToArray();
        Assert.Equal(TrainingEventWriter.Version, Assert.IsType<RecipeChosen>(events[0]).Version);
        Assert.IsType<RunStarted>(events[1]);
        Assert.IsType<RunFinished>(events[^1]);
        Assert.Contains(events, e => e is EpochDone);
    }

    [Fact]
    public void With_json_lines_a_run_ends_when_its_standard_input_closes()
    {
        using var process = CommandLineProcess.Start(Endless("model.onnx", "--json-lines"));
        _ = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        WaitForCheckpoint(process, "model.onnx");
        process.StandardInput.Close();
        Assert.True(process.WaitForExit(TimeSpan.FromSeconds(30)));
        Assert.Equal(130, process.ExitCode);
    }

    [Fact]
    public async Task Interrupt_stops_cleanly_keeps_the_checkpoint_and_prints_how_to_resume()
    {
        using var process = CommandLineProcess.Start(Endless("model.onnx"));
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        WaitForCheckpoint(process, "model.onnx");
        using (Process.Start("kill", ["-INT", process.Id.ToString(CultureInfo.InvariantCulture)]))
        {
            Assert.True(process.WaitForExit(TimeSpan.FromSeconds(30)));
        }

        Assert.Equal(130, process.ExitCode);
        Assert.Contains("--resume", await output, StringComparison.Ordinal);
        Assert.Equal(["model.onnx.checkpoint"], Directory.GetFiles(folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void Benchmark_prints_its_results_as_the_last_line()
    {
        foreach (var mode in new string[][] { [], ["--train"] })
        {
            var (exitCode, output, error) = CommandLineProcess.Run(
                ["benchmark", "lenet5", "--batch-size", "8", "--steps", "5", "--json", .. mode]);
            Assert.True(exitCode == 0, error);
            var figures = JsonDocument.Parse(output.TrimEnd().Split('\n')[^1]).RootElement;
            Assert.InRange(figures.GetProperty("fastestMs").GetDouble(), 1e-3, figures.GetProperty("medianMs").GetDouble());
            Assert.Equal(8000 / figures.GetProperty("medianMs").GetDouble(), figures.GetProperty("imagesPerSecond").GetDouble(), 1e-6);
            Assert.InRange(figures.GetProperty("peakMemoryBytes").GetInt64(), 20_000_000, 2_000_000_000);
        }
    }

    [Fact]
    public void The_catalog_and_a_summary_are_shown()
    {
        Assert.Contains("44,426", CommandLineProcess.Run("models").Output, StringComparison.Ordinal);
        var table = CommandLineProcess.Run("summary", "lenet5").Output;
        Assert.All(
            ["156", "2,416", "30,840", "10,164", "850", "44,426"], number => Assert.Contains(number, table, StringComparison.Ordinal));
        Assert.Equal(
            44_426,
            JsonDocument.Parse(CommandLineProcess.Run("summary", "lenet5", "--json").Output)
                .RootElement.GetProperty("totalParameters").GetInt64());
        Assert.Contains(
            "[7]",
            CommandLineProcess.Run("summary", "googlenet", "--classes", "7", "--input", "1x224x224", "--auxiliary", "--expand").Output,
            StringComparison.Ordinal);
        Assert.StartsWith("<svg", CommandLineProcess.Run("summary", "lenet5", "--svg").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Build_writes_an_untrained_network_of_the_requested_size()
    {
        var file = folder["model.onnx"];
        Assert.Equal(0, CommandLineProcess.Run("build", "lenet5", "--classes", "7", "--input", "3x32x40", "-o", file).ExitCode);
        using var model = Classifier.Load(file);
        Assert.Equal((7, new Shape(3, 32, 40), false), (model.Classes, model.Input, model.Trained));
    }

    public void Dispose() => folder.Dispose();

    private string[] Endless(string name, params string[] more) =>
        ["train", "lenet5", "--data", Mnist.Folder, "--epochs", "100000", "-o", folder[name], .. more];

    private void WaitForCheckpoint(Process process, string name)
    {
        var waiting = Stopwatch.StartNew();
        while (!File.Exists(folder[$"{name}.checkpoint"]))
        {
            Assert.False(process.HasExited, process.HasExited ? process.StandardError.ReadToEnd() : "");
            Assert.True(waiting.Elapsed < TimeSpan.FromSeconds(60), "No checkpoint came.");
            Thread.Sleep(5);
        }
    }

    private static (int ExitCode, string Output, string Error) RunHoldingInput(params string[] arguments)
    {
        using var process = CommandLineProcess.Start(arguments);
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, process.StandardError.ReadToEnd());
    }
}
