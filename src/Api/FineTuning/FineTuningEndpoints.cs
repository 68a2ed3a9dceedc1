using Fovea.Api.Configuration;
using Fovea.Api.Jobs;
using Fovea.Api.Keys;
using Fovea.Api.Problems;
using Fovea.Api.Requests;
using Fovea.Api.RouteDescriptions;
using Fovea.Api.Workers;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Fovea.Api.FineTuning;

/// <summary>The routes of fine-tuning jobs, modelled on OpenAI's.</summary>
internal static class FineTuningEndpoints
{
    public static void MapFineTuning(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/fine_tuning/jobs").WithTags("Fine-tuning").NeedsKey(KeyScope.Train).Refuses(503);
        group.MapPost("", Create).WithName("CreateFineTuningJob")
            .WithSummary("Fine-tune a model on the classes of a data set")
            .WithDescription(
                "The job waits for a worker, trains in a separate process, and is evaluated. The result is a new model, or the next "
                + "version of a model with the same classes, which is published if it is not worse than the version that serves.")
            .WithMetadata(new TakesJob()).Refuses(400, 404, 409, 413, 429);
        group.MapGet("", List).WithName("ListFineTuningJobs")
            .WithSummary("List the jobs")
            .WithDescription("Lists the jobs in pages, the newest first.")
            .Refuses(400, 404);
        group.MapGet("/{job}", Get).WithName("GetFineTuningJob")
            .WithSummary("Show a job")
            .WithDescription("Returns the status, the hyperparameters that have been chosen, and the estimated time of the end.")
            .Refuses(404);
        group.MapGet("/{job}/events", Events).WithName("ListFineTuningEvents")
            .WithSummary("Follow a job")
            .WithDescription(
                "Returns a list, the newest event first. With `Accept: text/event-stream`, streams each event as it happens, after the "
                + "one that `Last-Event-ID` names, until the job has ended.")
            .Produces<Page<JobEventAnswer>>().AnswersAlso("text/event-stream").Refuses(400, 404);
        group.MapGet("/{job}/checkpoints", Checkpoints).WithName("ListFineTuningCheckpoints")
            .WithSummary("List the checkpoints of a job")
            .WithDescription(
                "Lists the newest first. Only the newest has a file. After the loss of a worker, training repeats the steps since then.")
            .Refuses(400, 404);
        group.MapGet("/{job}/report", Report).WithName("GetFineTuningReport")
            .WithSummary("Show the report of a job")
            .WithDescription(
                "Returns learning curves, the confusion matrix, metrics of each class, calibration, the worst mistakes and the "
                + "provenance, as a page with `Accept: text/html`, otherwise as JSON.")
            .Produces<object>().WithMetadata(new AnswersReport()).AnswersAlso("text/html").Refuses(404, 409);
        group.MapPost("/{job}/cancel", Cancel).WithName("CancelFineTuningJob")
            .WithSummary("Cancel a job")
            .WithDescription("The job ends at once and cannot be resumed.")
            .Refuses(404, 409);
        group.MapPost("/{job}/pause", Pause).WithName("PauseFineTuningJob")
            .WithSummary("Pause a job")
            .WithDescription("Training saves a checkpoint and ends, and the worker takes the next job.")
            .Refuses(404, 409);
        group.MapPost("/{job}/resume", Resume).WithName("ResumeFineTuningJob")
            .WithSummary("Resume a paused job")
            .WithDescription("The job waits for a worker and goes on from its checkpoint. The result is the same as without a pause.")
            .Refuses(404, 409);
    }

    private static async Task<Created<JobAnswer>> Create(HttpRequest request, JobRequests requests, CancellationToken stop)
    {
        var job = await requests.Create(request, stop);
        return TypedResults.Created($"/fine_tuning/jobs/{job.Id}", JobAnswer.Of(job));
    }

    private static async Task<Ok<Page<JobAnswer>>> List(string? after, string? limit, JobStore jobs, CancellationToken stop)
    {
        int most = Page.Limit(limit);
        if (after is not null)
        {
            await jobs.Find(after, stop);
        }

        return TypedResults.Ok(Page.Of(await jobs.List(after, most + 1, stop), most, JobAnswer.Of));
    }

    private static async Task<Ok<JobAnswer>> Get(string job, JobStore jobs, CancellationToken stop) =>
        TypedResults.Ok(JobAnswer.Of(await jobs.Find(job, stop)));

    private static async Task<IResult> Events(
        string job, string? after, string? limit, HttpContext context, JobStore jobs, EventStream stream, CancellationToken stop)
    {
        await jobs.Find(job, stop);
        if (EventStream.IsWanted(context.Request))
        {
            await stream.Write(job, context, stop);
            return TypedResults.Empty;
        }

        int most = Page.Limit(limit);
        return TypedResults.Ok(Page.Of(await jobs.EventsBefore(job, After(after), most + 1, stop), most, JobEventAnswer.Of));
    }

    private static async Task<Ok<Page<JobCheckpointAnswer>>> Checkpoints(
        string job, string? after, string? limit, JobStore jobs, CancellationToken stop)
    {
        await jobs.Find(job, stop);
        int most = Page.Limit(limit);
        return TypedResults.Ok(Page.Of(await jobs.CheckpointsBefore(job, After(after), most + 1, stop), most, JobCheckpointAnswer.Of));
    }

    private static async Task<PhysicalFileHttpResult> Report(
        string job, HttpRequest request, JobStore jobs, Settings settings, CancellationToken stop)
    {
        var found = await jobs.Find(job, stop);
        var folder = JobFolder.Of(settings, job);
        bool asPage = request.GetTypedHeaders().Accept.Any(type => type.MediaType == "text/html");
        var file = asPage ? folder.Page : folder.Report;
        return found.Status is JobStatus.Succeeded && File.Exists(file)
            ? TypedResults.PhysicalFile(file, asPage ? "text/html; charset=utf-8" : "application/json")
            : throw new ServiceException(
                ServiceError.Conflict,
                $"{job} has no report; expected a job that has succeeded and whose files have not been deleted yet.");
    }

    private static async Task<Ok<JobAnswer>> Cancel(string job, JobStore jobs, CancellationToken stop) =>
        TypedResults.Ok(JobAnswer.Of(await jobs.Change(job, now => now.Cancel(), stop)));

    private static async Task<Ok<JobAnswer>> Pause(string job, JobStore jobs, CancellationToken stop) =>
        TypedResults.Ok(JobAnswer.Of(await jobs.Change(job, now => now.Pause(), stop)));

    private static async Task<Ok<JobAnswer>> Resume(string job, JobStore jobs, CancellationToken stop) =>
        TypedResults.Ok(JobAnswer.Of(await jobs.Change(job, now => now.Resume(), stop)));

    private static long After(string? after) => after is null ? long.MaxValue
        : long.TryParse(after, out long value) && value >= 0 ? value
        : throw new ServiceException(ServiceError.MalformedRequest, $"after is {after}; expected the id of an entry of the list.");
}
