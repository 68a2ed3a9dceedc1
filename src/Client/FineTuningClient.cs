using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Fovea.Client;

/// <summary>
/// The fine-tuning jobs of a service. Requests need a key with the scope train. For errors see <see cref="FoveaClient"/>.
/// </summary>
public sealed class FineTuningClient
{
    private readonly ServiceConnection connection;
    private readonly EventFollower events;

    internal FineTuningClient(ServiceConnection connection, TimeProvider time)
    {
        this.connection = connection;
        events = new EventFollower(connection, this, time);
    }

    /// <summary>
    /// Creates a job, which waits for a worker. The job is never created twice, because the client does not repeat a request that may have
    /// arrived.
    /// </summary>
    /// <param name="wish">The data set and the settings of the job.</param>
    /// <param name="stop">Cancels the request. A job that the request has already created stays.</param>
    public async Task<FineTuningJob> CreateAsync(FineTuningRequest wish, CancellationToken stop = default)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(wish, ClientJson.Default.FineTuningRequest);
        using var request = new HttpRequestMessage(HttpMethod.Post, "fine_tuning/jobs") { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return await connection.Ask(request, ClientJson.Default.FineTuningJob, stop);
    }

    /// <summary>
    /// Waits until a job has ended, and reports its events. If the job is paused, the wait lasts until the job has been resumed and has
    /// ended.
    /// </summary>
    /// <param name="job">The job's id.</param>
    /// <param name="progress">Receives the events, in order; null: the events are dropped.</param>
    /// <param name="stop">Ends the wait. The job goes on.</param>
    /// <returns>The job, which has succeeded, failed or been cancelled.</returns>
    public async Task<FineTuningJob> WaitAsync(string job, IProgress<FineTuningEvent>? progress = null, CancellationToken stop = default)
    {
        await foreach (var e in EventsAsync(job, stop: stop))
        {
            progress?.Report(e);
        }

        return await GetAsync(job, stop);
    }

    /// <summary>
    /// Follows a job: returns its events as they happen, each once and in order, until the job has ended. If the connection is lost, the
    /// client connects again and continues after the last event. It tries this until it succeeds or the enumeration is cancelled.
    /// </summary>
    /// <param name="job">The job's id.</param>
    /// <param name="after">The number of the last event that is known already; default 0: all events are returned.</param>
    /// <param name="stop">Ends the enumeration. The job goes on.</param>
    public IAsyncEnumerable<FineTuningEvent> EventsAsync(string job, long after = 0, CancellationToken stop = default) =>
        events.Follow(job, after, stop);

    /// <summary>Describes a job.</summary>
    /// <param name="job">The job's id.</param>
    /// <param name="stop">Cancels the request.</param>
    public Task<FineTuningJob> GetAsync(string job, CancellationToken stop = default) => Ask(HttpMethod.Get, Of(job), stop);

    /// <summary>Lists the jobs, the newest first.</summary>
    /// <param name="stop">Cancels the requests.</param>
    public async IAsyncEnumerable<FineTuningJob> ListAsync([EnumeratorCancellation] CancellationToken stop = default)
    {
        for (AnswerPage<FineTuningJob>? page = null; page is not { HasMore: false };)
        {
            var path = Route.WithQuery("fine_tuning/jobs", ("limit", "100"), ("after", page?.Data[^1].Id));
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            page = await connection.Ask(request, ClientJson.Default.AnswerPageFineTuningJob, stop);
            foreach (var job in page.Data)
            {
                yield return job;
            }
        }
    }

    /// <summary>Ends a job at once. It cannot be resumed.</summary>
    /// <param name="job">The job's id.</param>
    /// <param name="stop">Cancels the request.</param>
    public Task<FineTuningJob> CancelAsync(string job, CancellationToken stop = default) => Ask(HttpMethod.Post, $"{Of(job)}/cancel", stop);

    /// <summary>Interrupts a job, which saves a checkpoint.</summary>
    /// <param name="job">The job's id.</param>
    /// <param name="stop">Cancels the request.</param>
    public Task<FineTuningJob> PauseAsync(string job, CancellationToken stop = default) => Ask(HttpMethod.Post, $"{Of(job)}/pause", stop);

    /// <summary>Resumes a paused job from its checkpoint.</summary>
    /// <param name="job">The job's id.</param>
    /// <param name="stop">Cancels the request.</param>
    public Task<FineTuningJob> ResumeAsync(string job, CancellationToken stop = default) => Ask(HttpMethod.Post, $"{Of(job)}/resume", stop);

    /// <summary>Returns the path of a job.</summary>
    internal static string Of(string job) => $"fine_tuning/jobs/{Route.Part(job)}";

    private async Task<FineTuningJob> Ask(HttpMethod method, string path, CancellationToken stop)
    {
        using var request = new HttpRequestMessage(method, path);
        return await connection.Ask(request, ClientJson.Default.FineTuningJob, stop);
    }
}
