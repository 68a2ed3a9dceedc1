using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using Fovea.Models.Errors;

namespace Fovea.Models.Weights;

/// <summary>
/// Reads the Python pickles that torch.save writes. A pickle is a program of a stack machine; Python's module pickletools documents its
/// opcodes. Only the opcodes that build data are supported. Calls of Python functions go to <see cref="TorchObjects"/>, and no Python code
/// runs. Values are long, BigInteger, double, bool, string, object?[] (a tuple), List&lt;object?&gt;, <see cref="PickledDictionary"/>, <see
/// cref="PickledName"/>, <see cref="TorchStorage"/> and <see cref="TorchTensor"/>.
/// </summary>
/// <param name="file">The whole file, which may hold several pickles.</param>
/// <param name="position">The position of the first pickle, in bytes. Default 0.</param>
internal sealed class Unpickler(ReadOnlyMemory<byte> file, int position = 0)
{
    private readonly List<object?> stack = [];
    private readonly Stack<int> marks = [];
    private readonly Dictionary<long, object?> memo = [];
    private readonly TorchObjects objects = new(file.Length);

    /// <summary>The position of the next pickle, directly after the last one that was read, in bytes.</summary>
    public int Position { get; private set; } = position;

    /// <summary>All storages to which the pickles referred so far, by their keys.</summary>
    public IReadOnlyDictionary<string, TorchStorage> Storages => objects.Storages;

    /// <summary>Reads the next pickle and returns its object.</summary>
    /// <exception cref="FoveaException">
    /// The pickle ends early, is inconsistent, or has an opcode or a name that is not needed for tensors. The message does not contain the
    /// path.
    /// </exception>
    public object? Read()
    {
        stack.Clear();
        marks.Clear();
        memo.Clear();
        while (true)
        {
            byte opcode = Take(1)[0];
            if (opcode == '.')
            {
                return Pop();
            }

            Execute(opcode);
        }
    }

    private void Execute(byte opcode)
    {
        if (!PushScalar(opcode) && !BuildCollection(opcode) && !UseMemo(opcode) && !UsePython(opcode))
        {
            throw Bad($"it has the opcode 0x{opcode:x2}, which is not needed to describe tensors");
        }
    }

    // Executes opcodes for numbers and texts, and opcodes without a value. Returns false for an opcode of another group, as do the three
    // methods below.
    private bool PushScalar(byte opcode)
    {
        switch (opcode)
        {
            case 0x80: // Opcode PROTO
                Take(1);
                return true;
            case 0x95: // Opcode FRAME
                Take(8);
                return true;
            case (byte)'0': // Opcode POP
                Pop();
                return true;
            case (byte)'N': // Opcode NONE
                return Push(null);
            case 0x88 or 0x89: // Opcodes NEWTRUE, NEWFALSE
                return Push(opcode == 0x88);
            case (byte)'K': // Opcode BININT1
                return Push((long)Take(1)[0]);
            case (byte)'M': // Opcode BININT2
                return Push((long)BinaryPrimitives.ReadUInt16LittleEndian(Take(2)));
            case (byte)'J': // Opcode BININT
                return Push((long)Int32());
            case 0x8a: // Opcode LONG1
                var number = new BigInteger(Take(Take(1)[0]));
                return Push(number >= long.MinValue && number <= long.MaxValue ? (long)number : number);
            case (byte)'G': // Opcode BINFLOAT
                return Push(BinaryPrimitives.ReadDoubleBigEndian(Take(8)));
            case (byte)'U' or 0x8c: // Opcodes SHORT_BINSTRING, SHORT_BINUNICODE
                return Push(Encoding.UTF8.GetString(Take(Take(1)[0])));
            case (byte)'T' or (byte)'X': // Opcodes BINSTRING, BINUNICODE
                return Push(Encoding.UTF8.GetString(Take(Int32())));
            default:
                return false;
        }
    }

    private bool BuildCollection(byte opcode)
    {
        switch (opcode)
        {
            case (byte)'(': // Opcode MARK
                marks.Push(stack.Count);
                return true;
            case (byte)'}': // Opcode EMPTY_DICT
                return Push(new PickledDictionary());
            case (byte)']': // Opcode EMPTY_LIST
                return Push(new List<object?>());
            case (byte)')': // Opcode EMPTY_TUPLE
                return Push(Array.Empty<object?>());
            case 0x85 or 0x86 or 0x87: // Opcodes TUPLE1, TUPLE2, TUPLE3
                return Push(PopLast(opcode - 0x84));
            case (byte)'t': // Opcode TUPLE
                return Push(PopToMark());
            case (byte)'a': // Opcode APPEND
                var item = Pop();
                Top<List<object?>>().Add(item);
                return true;
            case (byte)'e': // Opcode APPENDS
                var items = PopToMark();
                Top<List<object?>>().AddRange(items);
                return true;
            case (byte)'s': // Opcode SETITEM
                SetItems(PopLast(2));
                return true;
            case (byte)'u': // Opcode SETITEMS
                SetItems(PopToMark());
                return true;
            default:
                return false;
        }
    }

    private bool UseMemo(byte opcode)
    {
        switch (opcode)
        {
            case (byte)'q': // Opcode BINPUT
                memo[Take(1)[0]] = Top<object?>();
                return true;
            case (byte)'r': // Opcode LONG_BINPUT
                memo[Int32()] = Top<object?>();
                return true;
            case 0x94: // Opcode MEMOIZE
                memo[memo.Count] = Top<object?>();
                return true;
            case (byte)'h': // Opcode BINGET
                return Push(FromMemo(Take(1)[0]));
            case (byte)'j': // Opcode LONG_BINGET
                return Push(FromMemo(Int32()));
            default:
                return false;
        }
    }

    // Executes opcodes that refer to Python's classes and functions, which TorchObjects replaces.
    private bool UsePython(byte opcode)
    {
        switch (opcode)
        {
            case (byte)'c': // Opcode GLOBAL
                return Push(TorchObjects.Named(Line(), Line()));
            case 0x93: // Opcode STACK_GLOBAL
                var name = Pop<string>();
                return Push(TorchObjects.Named(Pop<string>(), name));
            case (byte)'Q': // Opcode BINPERSID
                return Push(objects.Persistent(Pop<object?[]>()));
            case (byte)'R': // Opcode REDUCE
                var arguments = Pop<object?[]>();
                return Push(objects.Call(Pop<PickledName>().Name, arguments));
            case (byte)'b': // Opcode BUILD
                // PyTorch stores version numbers as the state of an OrderedDict. They are dropped, since they are not tensors.
                Pop();
                Top<PickledDictionary>();
                return true;
            default:
                return false;
        }
    }

    private bool Push(object? value)
    {
        stack.Add(value);
        return true;
    }

    private void SetItems(object?[] items)
    {
        if (items.Length % 2 != 0)
        {
            throw Bad("a dictionary has a key without a value");
        }

        var dictionary = Top<PickledDictionary>();
        for (int i = 0; i < items.Length; i += 2)
        {
            dictionary.Add((items[i], items[i + 1]));
        }
    }

    private object? FromMemo(long index) =>
        memo.TryGetValue(index, out var value) ? value : throw Bad($"it reads entry {index} of its memo before writing it");

    private object?[] PopToMark() => marks.TryPop(out int mark) && mark <= stack.Count
        ? PopLast(stack.Count - mark)
        : throw Bad("it closes a list, tuple or dictionary that it did not open");

    private object?[] PopLast(int count)
    {
        if (count > stack.Count)
        {
            throw Bad("it takes a value from an empty stack");
        }

        var last = stack[^count..].ToArray();
        stack.RemoveRange(stack.Count - count, count);
        return last;
    }

    private object? Pop() => PopLast(1)[0];

    private T Pop<T>()
    {
        var top = Top<T>();
        stack.RemoveAt(stack.Count - 1);
        return top;
    }

    private T Top<T>() => stack.Count == 0
        ? throw Bad("it takes a value from an empty stack")
        : stack[^1] is T or null && (T?)stack[^1] is var top && (top is not null || typeof(T) == typeof(object))
            ? top!
            : throw Bad("an opcode is applied to a value of another type than it takes");

    private int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Take(4));

    private string Line()
    {
        int length = file.Span[Position..].IndexOf((byte)'\n');
        return length < 0 ? throw Bad("it ends in the middle of a name") : Encoding.UTF8.GetString(Take(length + 1)[..^1]);
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count < 0 || count > file.Length - Position)
        {
            throw Bad("it ends too early");
        }

        Position += count;
        return file.Span.Slice(Position - count, count);
    }

    /// <summary>Creates the exception for a pickle that cannot be read.</summary>
    /// <param name="reason">One clause without a full stop, in which "it" means the pickle.</param>
    internal static FoveaException Bad(string reason) => new(ErrorCode.BadModelFile, $"the pickle cannot be read: {reason}.");
}
