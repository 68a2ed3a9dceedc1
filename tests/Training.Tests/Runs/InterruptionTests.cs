using System.Diagnostics;
using Fovea.Models.Layers;
using Fovea.Training.Tests.Commands;

namespace Fovea.Training.Tests.Runs;

/// <summary>Kills a run in a separate process, or fills its disk.</summary>
[Trait("Needs", "time")]
public sealed class InterruptionTests : IDisposable
{
    private const int MostKills = 6;

    private static readonly Lazy<byte[]> Whole = new(() =>
    {
        using var alone = new TemporaryFolder();
        var (exitCode, _, error) = CommandLineProcess.Run(Command(alone["whole"]));
        Assert.True(exitCode == 0, error);
        return File.ReadAllBytes(alone["whole"]);
    });

    private readonly TemporaryFolder folder = new();

    [Fact]
    public void A_run_killed_repeatedly_gives_the_bytes_of_an_uninterrupted_run()
    {
        var random = new SeededRandom(1);
        for (int kills = 0; kills < MostKills && !File.Exists(folder["killed"]); kills++)
        {
            using var process = CommandLineProcess.Start(Command(folder["killed"], "--resume", "--checkpoint-seconds", "0.02"));
            WaitFor(process, () => File.Exists(folder["killed.checkpoint"]));
            Thread.Sleep(random.Below(600));
            process.Kill();
            process.WaitForExit();
            Assert.True(File.Exists(folder["killed"]) || File.Exists(folder["killed.checkpoint"]));
        }

        var last = CommandLineProcess.Run(Command(folder["killed"], "--resume"));
        Assert.True(last.ExitCode == 0, last.Error);
        Assert.Equal(Whole.Value, File.ReadAllBytes(folder["killed"]));
        Assert.Equal(["killed", "killed.html", "killed.report.json"], Directory.GetFiles(folder.Path).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void A_disk_too_full_for_checkpoints_causes_a_warning_and_the_run_continues()
    {
        var (exitCode, output, error) = RunWithSmallFiles(kilobytes: 400, Command(folder["model"]));
        Assert.True(exitCode == 0, error);
        Assert.Contains("warning: " + folder["model.checkpoint"] + " cannot be written", output, StringComparison.Ordinal);
        Assert.Equal(Whole.Value, File.ReadAllBytes(folder["model"]));
    }

    [Fact]
    public void A_disk_too_full_for_the_model_leaves_the_last_good_checkpoint_to_resume_from()
    {
        using (var process = CommandLineProcess.Start(Command(folder["model"])))
        {
            WaitFor(process, () => File.Exists(folder["model.checkpoint"]));
            process.Kill();
            process.WaitForExit();
        }

        var good = File.ReadAllBytes(folder["model.checkpoint"]);
        var (exitCode, _, error) = RunWithSmallFiles(kilobytes: 100, Command(folder["model"], "--resume"));
        Assert.Equal(1, exitCode);
        Assert.Contains($"{folder["model"]} cannot be written", error, StringComparison.Ordinal);
        Assert.Contains("--resume", error, StringComparison.Ordinal);
        Assert.Equal(good, File.ReadAllBytes(folder["model.checkpoint"]));
        Assert.Equal(["model.checkpoint"], Directory.GetFiles(folder.Path).Select(Path.GetFileName));

        Assert.Equal(0, CommandLineProcess.Run(Command(folder["model"], "--resume")).ExitCode);
        Assert.Equal(Whole.Value, File.ReadAllBytes(folder["model"]));
    }

    public void Dispose() => folder.Dispose();

    private static string[] Command(string output, params string[] more) =>
        [
            "train",
            "lenet5",
            "--data",
            Mnist.Folder,
            "--epochs",
            "4",
            "--batch-size",
            "64",
            "--augmentation",
            "digits,mixup=0.2",
            "-o",
            output,
            .. more,
        ];

    private static void WaitFor(Process process, Func<bool> holds)
    {
        while (!holds() && !process.HasExited)
        {
            Thread.Sleep(5);
        }
    }

    // Writes beyond the limit on the file size fail like writes to a full disk.
    private static (int ExitCode, string Output, string Error) RunWithSmallFiles(int kilobytes, string[] arguments)
    {
        var start = new ProcessStartInfo(
            "bash",
            [
                "-c",
                $"trap '' XFSZ; ulimit -f {kilobytes}; exec dotnet \"$@\"",
                "bash",
                Path.Combine(AppContext.BaseDirectory, "Fovea.Training.dll"),
                .. arguments,
            ])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["DOTNET_EnableWriteXorExecute"] = "0";
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.Result);
    }
}
