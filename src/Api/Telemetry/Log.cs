namespace Fovea.Api.Telemetry;

/// <summary>All log messages of the service.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "Loaded {Model} version {Version} in {Milliseconds:F0} ms")]
    public static partial void ModelLoaded(this ILogger log, string model, int version, double milliseconds);

    [LoggerMessage(2, LogLevel.Error, "{Model} cannot serve: {Reason}")]
    public static partial void ModelFailed(this ILogger log, string model, string reason, Exception? exception = null);

    [LoggerMessage(3, LogLevel.Information, "Ready: {Ready} of {Models} models in {Folder}")]
    public static partial void Ready(this ILogger log, int ready, int models, string folder);

    [LoggerMessage(4, LogLevel.Warning, "The model repository {Folder} has no model; expected <model>/<version>/model.onnx")]
    public static partial void NoModels(this ILogger log, string folder);

    [LoggerMessage(15, LogLevel.Warning, "A file of the model repository is not served. {Reason}")]
    public static partial void UnclearFile(this ILogger log, string reason);

    [LoggerMessage(5, LogLevel.Error, "{Method} {Path} failed")]
    public static partial void RequestFailed(this ILogger log, Exception exception, string method, string path);

    [LoggerMessage(6, LogLevel.Information, "The files of {Model} in the repository have changed; {Outcome}")]
    public static partial void ModelFollowed(this ILogger log, string model, string outcome);

    [LoggerMessage(7, LogLevel.Warning, "The model repository cannot be read: {Reason}")]
    public static partial void RepositoryUnreadable(this ILogger log, string reason);

    [LoggerMessage(8, LogLevel.Information, "{Model}: {Change}; {Outcome}")]
    public static partial void ModelChanged(this ILogger log, string model, string change, string outcome);

    [LoggerMessage(9, LogLevel.Information, "Networks run on {Provider}. {Reason}")]
    public static partial void DeviceChosen(this ILogger log, string provider, string reason);

    [LoggerMessage(10, LogLevel.Warning, "Networks run on the CPU. {Reason}")]
    public static partial void DeviceFellBack(this ILogger log, string reason);

    [LoggerMessage(11, LogLevel.Information, "Data set {Dataset} added: {Images} images of {Classes} classes, {Refused} files refused")]
    public static partial void DatasetAdded(this ILogger log, string dataset, int images, int classes, int refused);

    [LoggerMessage(12, LogLevel.Information, "Data set {Dataset} deleted")]
    public static partial void DatasetDeleted(this ILogger log, string dataset);

    [LoggerMessage(16, LogLevel.Warning, "An image that was classified is not kept as an unlabelled image: {Reason}")]
    public static partial void ImageNotKept(this ILogger log, string reason);

    [LoggerMessage(13, LogLevel.Information, "{Key}: {Method} {Path} was answered with {Status}; the caller is {Address}")]
    public static partial void Wrote(this ILogger log, string key, string method, string path, int status, string address);

    [LoggerMessage(
        17, LogLevel.Warning, "The entry of the audit trail is only in this log, because its file cannot be written to: {Reason}")]
    public static partial void NotRecorded(this ILogger log, string reason);

    [LoggerMessage(14, LogLevel.Warning, "Expired items could not be deleted, and the next sweep tries again: {Reason}")]
    public static partial void NotSwept(this ILogger log, string reason);

    [LoggerMessage(18, LogLevel.Warning, "The folder of {Setting} cannot be reached, perhaps because its disk is gone; waiting for it")]
    public static partial void DiskMissing(this ILogger log, string setting);

    [LoggerMessage(19, LogLevel.Information, "The folder of {Setting} can be reached again")]
    public static partial void DiskBack(this ILogger log, string setting);

    [LoggerMessage(20, LogLevel.Information, "{Model} version {Version} runs in batches of {Sizes}")]
    public static partial void ModelTuned(this ILogger log, string model, int version, string sizes);

    [LoggerMessage(
            25, LogLevel.Information, "{Model} version {Version} is partly tuned and runs in batches of {Sizes}; tuning continues later")]
    public static partial void ModelTunedSoFar(this ILogger log, string model, int version, string sizes);

    [LoggerMessage(
        26, LogLevel.Information, "Tuning of {Model} version {Version} has ended early; the model keeps its present batch sizes: {Reason}")]
    public static partial void TuningEnded(this ILogger log, string model, int version, string reason);

    [LoggerMessage(21, LogLevel.Warning, "Tuning of {Model} version {Version} has failed; the model keeps its present batch sizes")]
    public static partial void TuningFailed(this ILogger log, Exception exception, string model, int version);

    [LoggerMessage(
            23, LogLevel.Information,
            "{Model} version {Version} is tuned again, because the stored batch sizes {Remembered} differ from {Measured}, measured now")]
    public static partial void RememberedSizesDiffer(this ILogger log, string model, int version, string remembered, string measured);

    [LoggerMessage(24, LogLevel.Warning, "{Model} version {Version} cannot run with {Trial}; tuning does not try this again")]
    public static partial void TrialFailed(this ILogger log, Exception exception, string model, int version, string trial);

    [LoggerMessage(27, LogLevel.Warning, "{Model} version {Version} runs unchanged, because rewriting its network failed: {Reason}")]
    public static partial void NotRewritten(this ILogger log, string model, int version, string reason);

    [LoggerMessage(22, LogLevel.Warning, "Models are tuned again at every start, because the measurements cannot be stored: {Reason}")]
    public static partial void NotRemembered(this ILogger log, string reason);

    [LoggerMessage(30, LogLevel.Information, "{Job} starts on this worker with the fencing number {Fence}")]
    public static partial void JobBegun(this ILogger log, string job, long fence);

    [LoggerMessage(31, LogLevel.Information, "{Job} has ended on this worker; its status is {Status}")]
    public static partial void JobEnded(this ILogger log, string job, Enum status);

    [LoggerMessage(32, LogLevel.Information, "This worker stops working on {Job}: {Reason}")]
    public static partial void JobLeft(this ILogger log, string job, string reason);

    [LoggerMessage(33, LogLevel.Error, "{Job} failed because of an error in the service")]
    public static partial void JobFaulted(this ILogger log, Exception exception, string job);

    [LoggerMessage(34, LogLevel.Warning, "The database of the fine-tuning jobs cannot be reached or written to; retrying: {Reason}")]
    public static partial void JobsUnreachable(this ILogger log, string reason);

    [LoggerMessage(35, LogLevel.Warning, "Another process runs the jobs of this data folder; this process takes over when the other ends")]
    public static partial void AnotherWorks(this ILogger log);

    [LoggerMessage(36, LogLevel.Information, "{Job} deleted")]
    public static partial void JobDeleted(this ILogger log, string job);

    [LoggerMessage(37, LogLevel.Warning, "The queue has lost entries of waiting jobs; it is opened again, and the jobs are added again")]
    public static partial void EntriesLost(this ILogger log);

    [LoggerMessage(38, LogLevel.Information, "Version {Version} of {Model} was deleted before it was loaded")]
    public static partial void VersionDeletedMeanwhile(this ILogger log, string model, int version);

    [LoggerMessage(39, LogLevel.Warning, "The adopted form of a model file cannot be stored, so each load adopts the file again: {Reason}")]
    public static partial void AdoptedFormNotKept(this ILogger log, string reason);
}
