using System.CommandLine;
using System.CommandLine.Help;
using System.Text.RegularExpressions;
using Fovea.Models.Errors;
using Fovea.Training.Progress;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Training.Commands;

/// <summary>
/// Runs a command. The exit code is 0 if the command succeeded, 1 with one line on standard error if it failed, and 130 if it was
/// interrupted.
/// </summary>
internal static partial class CommandLine
{
    private const int Failed = 1;

    // An interrupted command writes a checkpoint before it ends. For a large network this can take a while.
    private static readonly TimeSpan TerminationTimeout = TimeSpan.FromMinutes(2);

    /// <summary>Creates the root command, <c>fovea</c>, with all commands.</summary>
    public static Command CreateRoot() => new("fovea", "Fovea builds, trains, evaluates and uses convolutional networks in ONNX files.")
    {
        ModelsCommand.Create(),
        SummaryCommand.Create(),
        BuildCommand.Create(),
        ImportCommand.Create(),
        AdoptCommand.Create(),
        TrainCommand.Create(),
        FinetuneCommand.Create(),
        PretrainedCommand.Create(),
        EvaluateCommand.Create(),
        QuantizeCommand.Create(),
        CompareCommand.Create(),
        ClassifyCommand.Create(),
        ExplainCommand.Create(),
        DataCommand.Create(),
        WeightsCommand.Create(),
        BenchmarkCommand.Create(),
        new HelpOption { Description = "Show this help.", Action = new HelpText() },
        new VersionOption { Description = "Show the version." },
    };

    /// <summary>Parses and runs a command line.</summary>
    /// <param name="root">The root command.</param>
    /// <param name="args">The arguments of the process.</param>
    /// <returns>The exit code of the process.</returns>
    public static async Task<int> RunAsync(Command root, string[] args)
    {
        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0 && parsed.Action is not { ClearsParseErrors: true })
        {
            return Fail(ParseErrors.Describe(parsed));
        }

        try
        {
            var running = new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = TerminationTimeout,
            };
            return await parsed.InvokeAsync(running);
        }
        catch (FoveaException e)
        {
            return Fail(e.Message);
        }
        catch (OperationCanceledException)
        {
            return ProgressDisplay.StoppedExitCode;
        }
        catch (OnnxRuntimeException e)
        {
            return Fail($"ONNX Runtime cannot run the network: {e.Message}");
        }
    }

    /// <summary>
    /// Sets the action of a command that may take long. The action runs on a pool thread, so that System.CommandLine can cancel it on an
    /// interrupt and wait until it ends.
    /// </summary>
    public static void SetWork(this Command command, Action<ParseResult, CancellationToken> work) =>
        command.SetAction((parsed, stop) => Task.Run(() =>
        {
            work(parsed, stop);
            return 0;
        }));

    /// <summary>Removes ONNX Runtime's error codes and source lines from a message, and leaves its text.</summary>
    public static string WithoutRuntimeCodes(string message) => RuntimeCodes().Replace(message, "");

    private static int Fail(string message)
    {
        Console.Error.WriteLine(WithoutRuntimeCodes(message).ReplaceLineEndings(" "));
        return Failed;
    }

    // Matches "[ErrorCode:Fail] " and "/onnxruntime_src/onnxruntime/core/x.cc:123 ns::Class::Method(args) ".
    [GeneratedRegex(@"\[ErrorCode:\w+\]\s*|\S*/onnxruntime\S*\.(cc|h|cpp):\d+\s+(\S+\([^)]*\)\s*(const\s*)?)?")]
    private static partial Regex RuntimeCodes();
}
