using Fovea.Models.TrainingEvents;
using Fovea.Training.Confidence;
using Fovea.Training.DataQuality;
using Fovea.Training.Datasets;
using Fovea.Training.Recipes;

namespace Fovea.Training.Reports;

/// <summary>The facts about a training run that its report needs in addition to the trained file.</summary>
/// <param name="Epochs">The epochs in order; empty if the run was not trained in epochs.</param>
/// <param name="Settings">The settings of the run.</param>
/// <param name="Seconds">The training time in seconds, over all resumptions.</param>
/// <param name="Base">The name of the file from which training started; null for random weights.</param>
/// <param name="Refused">The files that were left out of the data set; null for none.</param>
/// <param name="Penalties">The penalties from which cross-validation chose, if only a head was trained; otherwise null.</param>
/// <param name="Fitted">The file's calibration; null if it has none.</param>
internal sealed record RunRecord(
    IReadOnlyList<EpochDone> Epochs,
    RunSettings Settings,
    double Seconds,
    string? Base = null,
    IReadOnlyList<SkippedFile>? Refused = null,
    IReadOnlyList<PenaltyTried>? Penalties = null,
    FittedCalibration? Fitted = null)
{
    /// <summary>The findings about the images before the run; null if they were not checked.</summary>
    public TrainingCheck? Check { get; init; }

    /// <summary>The training images and their random changes, some of which the report shows; null for none.</summary>
    public PreviewedBatch? Preview { get; init; }

    /// <summary>The names that the report shows, and the address of the images to which it links.</summary>
    public ReportOptions Report { get; init; } = new();
}
