using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fovea.Training;

/// <summary>How far a run has come: what a checkpoint holds besides parameters and optimizer state.</summary>
internal sealed record TrainingState
{
    /// <summary>What the run was told and on which data; a run may only be resumed by one that was told the same.</summary>
    public required SortedDictionary<string, string> Settings { get; init; }

    /// <summary>The epoch under way, from 1.</summary>
    public int Epoch { get; init; } = 1;

    /// <summary>Steps of this epoch that are done.</summary>
    public int StepsInEpoch { get; init; }

    /// <summary>Sum of the losses of this epoch's steps, in nats.</summary>
    public double LossSum { get; init; }

    /// <summary>Images of this epoch that were classified rightly.</summary>
    public long Correct { get; init; }

    /// <summary>The epochs that are done.</summary>
    public IReadOnlyList<EpochDone> History { get; init; } = [];

    /// <summary>The best epoch so far; 0 before the first ends.</summary>
    public int BestEpoch { get; init; }

    /// <summary>The best epoch's validation loss, in nats.</summary>
    public double BestLoss { get; init; } = double.MaxValue;

    /// <summary>The best epoch's validation accuracy, 0 to 1.</summary>
    public double BestAccuracy { get; init; }

    /// <summary>How long the run has taken so far, in seconds, without the time between being stopped and resumed.</summary>
    public double Seconds { get; init; }
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(TrainingState))]
internal sealed partial class TrainingStateJson : JsonSerializerContext;
